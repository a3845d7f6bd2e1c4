// The policy against a table of hostile lines, ten thousand other ways to write them, and what people really upload.

import { describe, expect, it } from '@jest/globals';
import { lexConfig } from '../../../../agent/haproxy/config/lex';
import { checkPolicy } from '../../../../agent/haproxy/config/policy';
import { policyRefusal, refusePolicyFaults } from '../../../../agent/haproxy/config/policy-fault';
import { isAgentError } from '../../../../agent/model/errors';
import { friendlyLines } from './friendly-lines';
import { base, configWith, context, hostileLines, id, type HostileLine } from './hostile-lines';
import { joinWords, rewriteWord } from './rewrite';

const show = ({ section, line }: HostileLine): string => `${section}: ${line}`;

describe('a hostile line is refused by its number', () => {
  it.each(hostileLines.map((hostile): [string, HostileLine] => [show(hostile), hostile]))(
    '%s',
    (_what, hostile) => {
      const { text, number } = configWith(hostile);
      const faults = checkPolicy(text, context);
      const section = /^program|^namespace_list/.test(hostile.section) ? number - 1 : number;
      expect(faults.map((fault) => fault.line)).toEqual(faults.map(() => section));
      expect(faults).not.toEqual([]);
    },
  );
});

describe('a line that balances traffic passes', () => {
  it.each(friendlyLines.map((friendly): [string, HostileLine] => [show(friendly), friendly]))(
    '%s',
    (_what, friendly) => {
      expect(checkPolicy(configWith(friendly).text, context)).toEqual([]);
    },
  );
});

const seed = 271_828;
const turns = 10_000;

describe(`hostile lines written in ${turns} other ways (seed ${seed})`, () => {
  const state = { seed };
  const random = (below: number): number => {
    state.seed = (state.seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state.seed / 2_147_483_648) * below);
  };
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;

  // Only lines whose words can be written otherwise: not those that are refused for how they are written.
  const candidates = hostileLines.filter(({ line }) => {
    const [read] = lexConfig(line);
    return read!.faults.length === 0 && read!.usesEnvironment.length === 0 && !line.startsWith('.');
  });

  it('are all refused, with the same words for haproxy', () => {
    const accepted: string[] = [];
    let arguments_ = 0;
    for (let turn = 0; turn < turns; turn += 1) {
      const hostile = pick(candidates);
      const words = lexConfig(hostile.line)[0]!.words;
      const keepsKeyword = random(4) > 0;
      arguments_ += keepsKeyword ? 1 : 0;
      const written = words.map((word, index) =>
        index === 0 && keepsKeyword ? word : rewriteWord(word, random),
      );
      const line = joinWords(written, random);
      expect(lexConfig(line)[0]?.words).toEqual(words);
      const { text, number } = configWith({ ...hostile, line });
      const faults = checkPolicy(text, context);
      const isSeen = faults.some((fault) => fault.line === number || fault.line === number - 1);
      if (!isSeen || (keepsKeyword && faults.every(({ reason }) => reason.includes('quotes'))))
        accepted.push(line);
    }
    expect(accepted).toEqual([]);
    expect(arguments_).toBeGreaterThan(turns / 2);
  });
});

describe('the policy', () => {
  const pingPool = (helper: string): string =>
    `global\n external-check\n insecure-fork-wanted\nbackend b\n option external-check\n external-check command ${helper}\n server s 10.0.0.1:80 check\n`;

  it('lets haproxy start programs for checks by our helper, and for nothing else', () => {
    expect(checkPolicy(pingPool(`${base}/ping-wrapper.sh`), context)).toEqual([]);
    expect(checkPolicy(pingPool('/bin/sh'), context).map(({ line }) => line)).toEqual([3, 6]);
  });

  it('refuses keywords that nobody knows and lines outside any section', () => {
    const faults = checkPolicy('maxconn 1\nglobal\n frobnicate\nfrontend f g\n', context);
    expect(faults.map(({ line, word, reason }) => `${line} ${word} ${reason}`)).toEqual([
      '1 "maxconn" stands in no section',
      '3 "frobnicate" is no keyword that is allowed in "global"',
      '4 "g" is not allowed here',
    ]);
  });

  it('quotes what it refuses safely and shortly', () => {
    const [fault] = checkPolicy(`global\n pidfile "\\x1b[2J${'x'.repeat(500)}"\n chroot \u001b\n`, context);
    expect(fault!.word).toBe('"pidfile"');
    const [long] = checkPolicy(`frontend f\n errorfile 503 "\\x1b${'x'.repeat(500)}"\n`, context);
    expect(long!.word).toMatch(/^"\\u001bx{79}…"$/);
  });

  it('refuses in one error with a line for each fault', () => {
    const faults = checkPolicy('global\n lua-load /x\n pidfile /y\n', context);
    const refusal = policyRefusal(faults);
    expect(isAgentError(refusal, 'config-rejected')).toBe(true);
    expect(refusal.detail).toBe(
      'line 2: "lua-load": runs a program of its own inside haproxy\nline 3: "pidfile": writes a file',
    );
    expect(() => refusePolicyFaults(faults)).toThrow('The configuration policy refuses the configuration');
    expect(() => refusePolicyFaults([])).not.toThrow();
  });

  it('shows the first fifty faults of many', () => {
    const faults = checkPolicy(`global\n${' pidfile /y\n'.repeat(70)}`, context);
    expect(policyRefusal(faults).detail?.split('\n')).toHaveLength(51);
    expect(policyRefusal(faults).detail).toMatch(/and 20 more$/);
  });

  it('judges ten thousand members in a moment and a text that is none at all', () => {
    const servers = Array.from({ length: 10_000 }, (_, index) => ` server s${index} 10.0.0.1:${index} check`);
    expect(checkPolicy(`backend b\n${servers.join('\n')}\n`, context)).toEqual([]);
    expect(checkPolicy('', context)).toEqual([]);
    expect(checkPolicy('\u0000\u0001{}[]', context)).not.toEqual([]);
    expect(checkPolicy('<html>', context)).not.toEqual([]);
  });
});

describe('the permissive policy', () => {
  const permissive = { ...context, mode: 'permissive', runtimeDir: '/run/amphorad' } as const;

  it('lets pass what an operator may want', () => {
    const text = `global\n lua-load /x\n stats socket ipv4@127.0.0.1:1 level admin\n daemon\nprogram p\n command x\nfrontend f\n bind "\${A}"\n errorfile 503 /etc/e\n`;
    expect(checkPolicy(text, permissive)).toEqual([]);
  });

  it("refuses what takes haproxy out of the agent's hands", () => {
    const text = `global\n pidfile /x\n master-worker\n mworker-max-reloads 1\n unix-bind prefix /x\n stats socket unix@/run/amphorad/${id}/admin.sock\n stats socket /run/amphorad/${id}/master.sock\n`;
    expect(checkPolicy(text, permissive).map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7]);
  });
});
