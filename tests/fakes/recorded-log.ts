// The log of tests: the one that the harness kit gives its users.

export { createRecordedLog, type RecordedLog } from '../../agent/testing/recorded-log';
