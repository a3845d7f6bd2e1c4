// A step of the session: its name, the request, and what else a step may have.

/** Makes a step. `more` may have `body`, `headers`, `prepare` (done before it) and what session.mjs says of its own. */
export const step = (name, method, path, more = {}) => ({ name, method, path, ...more });

/** Makes a step of the 1.0 dialect. */
export const call = (name, method, path, more) => step(name, method, `/1.0${path}`, more);
