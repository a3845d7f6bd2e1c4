import { describe, expect, it } from '@jest/globals';
import { nearest } from '../../../agent/config/nearest';

describe('the word that somebody meant', () => {
  it.each([
    ['ampohra_id', 'amphora_id'],
    ['heartbeat_intervall', 'heartbeat_interval'],
    ['Amphora_ID', 'amphora_id'],
    ['bindport', undefined],
    ['bin', 'bind'],
    ['something_else', undefined],
    ['', undefined],
  ])('%p is %p', (word, expected) => {
    expect(nearest(word, ['amphora_id', 'heartbeat_interval', 'bind'])).toBe(expected);
  });
});
