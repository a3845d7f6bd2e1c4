import { describe, expect, it } from '@jest/globals';
import { fileError, hostFileError, isAbsent } from '../../../agent/host/node/file-errors';
import { invalidInput } from '../../../agent/model/errors';

const failure = (code: string): Error => Object.assign(new Error(`${code}: system text`), { code });

describe('a failure of the file system', () => {
  it.each([
    ['ENOSPC', 'no-space', 'No space left on the disk'],
    ['EDQUOT', 'no-space', 'No space left on the disk'],
    ['EROFS', 'unavailable', 'Cannot write a file'],
    ['EACCES', 'unavailable', 'Cannot write a file'],
    ['EMFILE', 'unavailable', 'Cannot write a file'],
    ['ENFILE', 'unavailable', 'Cannot write a file'],
    ['EIO', 'unavailable', 'Cannot write a file'],
    ['ENOENT', 'precondition', 'Cannot write a file'],
    ['EISDIR', 'precondition', 'Cannot write a file'],
    ['ELOOP', 'precondition', 'Cannot write a file'],
    ['ENAMETOOLONG', 'invalid-input', 'Cannot write a file'],
    ['EINVAL', 'internal', 'Cannot write a file'],
  ])('%s is %s, with errno and path in the detail and the cause kept', (code, kind, message) => {
    const cause = failure(code);
    expect(fileError('write a file', '/a/b', cause)).toMatchObject({
      kind,
      message,
      detail: `${code}: /a/b`,
      cause,
    });
  });

  it('that is understood already passes as it is', () => {
    const known = invalidInput('known');
    expect(fileError('write a file', '/a', known)).toBe(known);
  });

  it('without an errno is internal', () => {
    expect(fileError('read a file', '/a', new Error('odd'))).toMatchObject({
      kind: 'internal',
      detail: 'unknown error: /a',
    });
  });

  it('on a file of the host is unavailable whatever the errno', () => {
    expect(hostFileError('/a', failure('EINVAL'))).toMatchObject({
      kind: 'unavailable',
      detail: 'EINVAL: /a',
    });
  });

  it('tells absence from the rest', () => {
    expect(['ENOENT', 'ENOTDIR', 'EACCES'].map((code) => isAbsent(failure(code)))).toEqual([
      true,
      true,
      false,
    ]);
    expect(isAbsent('ENOENT')).toBe(false);
  });
});
