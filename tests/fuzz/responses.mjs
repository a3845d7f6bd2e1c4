// What came back over a connection, as HTTP/1.1 answers. The agent gives every answer a length, so nothing else is read.
// Source: RFC 9112, chapters 4 to 6.

/** Reads the whole answers at the beginning of `bytes`; `rest` is what follows them. `headOnly`: they have no bodies. */
export function readAnswers(bytes, headOnly = false) {
  const answers = [];
  let rest = bytes;
  for (;;) {
    const found = readAnswer(rest, headOnly);
    if (found === undefined) return { answers, rest };
    // 100 Continue announces an answer and is none.
    if (found.status >= 200) answers.push(found);
    rest = rest.subarray(found.length);
  }
}

function readAnswer(bytes, headOnly) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.subarray(0, end).toString('latin1');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  if (Number.isNaN(status)) return undefined;
  const announced = Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0);
  const length = end + 4 + (headOnly || status < 200 ? 0 : announced);
  if (bytes.length < length) return undefined;
  const text = bytes.subarray(end + 4, length).toString('utf8');
  return { status, length, text, closes: /^connection: *close$/im.test(head) };
}
