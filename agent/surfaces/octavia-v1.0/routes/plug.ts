// Ports and who may come in by them: VIPs, networks, interface rules.

import { parseInterfaceRules, type InterfaceRules } from '../../../core/interface-rules';
import type { Plug } from '../../../core/plug';
import { parseNetworkPlug, parseVipPlug } from '../../../core/plug-request';
import { isJsonType, objectWith, parseJson } from '../../../http/json-body';
import { json, type Reply } from '../../../http/reply';
import type { Route, RouteRequest } from '../../../http/route';
import { invalidInput, isAgentError } from '../../../model/errors';
import { parseIp } from '../../../model/ip';
import { badRequestReply } from '../errors';
import { networkDetails, plugFailure, vipDetails } from '../wire-plug';

export interface PlugRoutesDeps {
  readonly plug: Plug;
  readonly interfaceRules: InterfaceRules;
}

/** Lists the rows. */
export function plugRoutes({ plug, interfaceRules }: PlugRoutesDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/1.0/plug/vip/:ip',
      body: 'json',
      handle: async (request) => {
        const body = objectOf(request, ['subnet_cidr', 'gateway', 'mac_address']);
        if (body === undefined) return badRequestReply('Invalid subnet information');
        return plugged(async () =>
          vipDetails(await plug.vip(parseVipPlug(request.params['ip'] ?? '', body))),
        );
      },
    },
    {
      method: 'POST',
      path: '/1.0/plug/network',
      body: 'json',
      handle: async (request) => {
        const body = objectOf(request, ['mac_address']);
        if (body === undefined) return badRequestReply('Invalid port information');
        return plugged(async () => networkDetails(await plug.network(parseNetworkPlug(body))));
      },
    },
    {
      method: 'PUT',
      path: '/1.0/interface/:ip/rules',
      body: 'json',
      handle: async ({ params, body, contentType }) => {
        const ip = parseIp(params['ip'] ?? '');
        if (ip === undefined) throw invalidInput('Invalid IP address');
        const name = await interfaceRules.interfaceFor(ip.text);
        const rules = isJsonType(contentType) ? rulesOf(body) : undefined;
        if (rules === undefined) return badRequestReply('Invalid rules information');
        await interfaceRules.replace(name, rules);
        return json(200, { message: 'OK' });
      },
    },
  ];
}

function objectOf({ body, contentType }: RouteRequest, members: readonly string[]) {
  return isJsonType(contentType) ? objectWith(body, members) : undefined;
}

async function plugged(job: () => Promise<string>): Promise<Reply> {
  try {
    return json(202, { message: 'OK', details: await job() });
  } catch (thrown) {
    throw isAgentError(thrown) ? plugFailure(thrown) : thrown;
  }
}

function rulesOf(body: Buffer) {
  try {
    return parseInterfaceRules(parseJson(body));
  } catch (thrown) {
    if (isAgentError(thrown, 'invalid-input')) return undefined;
    throw thrown;
  }
}
