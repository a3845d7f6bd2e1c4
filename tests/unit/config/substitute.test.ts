import { describe, expect, it } from '@jest/globals';
import { substitute } from '../../../agent/config/substitute';

const known: Record<string, string> = { base_path: '/srv', 'group.name': 'G', _x: 'u' };
const read = (text: string): ReturnType<typeof substitute> =>
  substitute(text, (name) => {
    const found = known[name];
    return found === undefined ? { refusal: `no ${name}` } : { text: found };
  });

describe('references', () => {
  it.each([
    ['$base_path/certs', '/srv/certs'],
    ['${base_path}x', '/srvx'],
    ['${group.name}', 'G'],
    ['$group.name', 'G'],
    ['$_x', 'u'],
    ['$$base_path', '$base_path'],
    ['\\$base_path', '$base_path'],
    ['a$$$base_path', 'a$/srv'],
    ['price: 5$', 'price: 5$'],
    ['$1 $% ${} ${base_path', '$1 $% ${} ${base_path'],
  ])('%s becomes %s', (text, expected) => {
    expect(read(text)).toEqual({ text: expected, refusals: [] });
  });

  it('leaves unknown names as written and says so once each', () => {
    expect(read('$base_path/$what/${what}/$else')).toEqual({
      text: '/srv/$what/${what}/$else',
      refusals: ['no what', 'no else'],
    });
  });

  it('does not read what it put in a second time', () => {
    expect(substitute('$a', () => ({ text: '$b' }))).toEqual({ text: '$b', refusals: [] });
  });

  it('stops before many references to a long text fill the memory', () => {
    const { text, refusals } = substitute('$a'.repeat(10_000), () => ({ text: 'x'.repeat(60_000) }));
    expect(text.length).toBeLessThan(70_000);
    expect(refusals).toHaveLength(1);
  });
});
