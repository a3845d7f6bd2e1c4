// Node 20 loads node:tls in a circle when X509Certificate#toLegacyObject() is called first, and then it lacks
// createSecureContext for as long as the process lives. A worker of jest runs many test files; the agent itself
// imports node:tls at its start.
require('node:tls');
