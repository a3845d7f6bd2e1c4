// What is told of a haproxy that does not tell it itself.

import { describe, expect, it } from '@jest/globals';
import { createOverview } from '../../../../agent/core/runtime/overview';
import { createOneHaproxy } from '../../../fakes/one-haproxy';

describe('process facts', () => {
  it.each([
    ['Permission denied\n\n', 'socket_level'],
    ['220 mail.example ESMTP\n\n', 'command_failed'],
  ])('are not made up of an answer that has none: %j', async (answer, code) => {
    const overview = createOverview(createOneHaproxy([{ answer }]).instances);
    await expect(overview.info('one')).rejects.toMatchObject({ fault: { code } });
    expect(await overview.instances()).toMatchObject([{ facts: { error: { fault: { code } } } }]);
  });
});
