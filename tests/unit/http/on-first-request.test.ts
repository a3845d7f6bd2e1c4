// An application that is made when somebody calls.

import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from '@jest/globals';
import { onFirstRequest } from '../../../agent/http/on-first-request';

it('is made by the first request, once, and gets it and all later ones', () => {
  const got: IncomingMessage[] = [];
  let made = 0;
  const listener = onFirstRequest(() => {
    made += 1;
    return (request) => void got.push(request);
  });
  expect(made).toBe(0);
  const requests = [1, 2].map(() => new IncomingMessage(new Socket()));
  for (const request of requests) listener(request, new ServerResponse(request));
  expect(got).toEqual(requests);
  expect(made).toBe(1);
});
