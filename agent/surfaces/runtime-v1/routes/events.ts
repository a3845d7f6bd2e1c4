// The stream of server events. Source: contract/runtime.md 6.17; the HTML standard, "Server-sent events".

import type { Instances } from '../../../core/runtime/instances';
import type { ServerEvents } from '../../../core/runtime/server-events';
import { stream } from '../../../http/reply';
import type { Route } from '../../../http/route';
import { bothForms, instanceOf } from '../both-forms';
import { eventText } from '../extras-wire';

export interface EventRoutesDeps {
  readonly events: ServerEvents;
  readonly instances: Pick<Instances, 'find'>;
}

// Proxies in between give up on a connection that says nothing.
const heartbeatMs = 15_000;

/** Makes the rows. */
export function eventRoutes({ events, instances }: EventRoutesDeps): readonly Route[] {
  return bothForms({
    method: 'GET',
    path: '/events',
    body: 'none',
    handle: async ({ params, header, gone }) => {
      const { name } = await instances.find(instanceOf(params));
      const subscription = events.subscribe(name, header('last-event-id'));
      const leave = (): void => subscription.close();
      if (gone.aborted) leave();
      gone.addEventListener('abort', leave, { once: true });
      const reply = stream(200, 'text/event-stream', async (write, left) => {
        for (;;) {
          const news = await subscription.next(heartbeatMs, left);
          if (news === undefined) return;
          await write(news.length === 0 ? ':\n\n' : news.map(eventText).join(''));
        }
      });
      return { ...reply, headers: { ...reply.headers, 'Cache-Control': 'no-cache' } };
    },
  });
}
