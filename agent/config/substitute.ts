// oslo.config's references to other options: `$name`, `${name}`, `$group.name`, `${group.name}`; `$$` and `\$`
// are a dollar sign. Names are read as its string.Template does; any other `$` stands for itself (cfg.py).

const reference = /\\\$|\$\$|\$\{([_a-z][._a-z0-9]*)\}|\$([_a-z][._a-z0-9]*)/gi;

// Each option can name every other one many times: without a bound a small file becomes gigabytes.
const longest = 65_536;

/** What a reference stands for, or why it cannot be followed. */
export type Referred = { readonly text: string } | { readonly refusal: string };

/** Replaces every reference; refused ones stay as written and their refusals are returned, each once. */
export function substitute(
  text: string,
  lookup: (name: string) => Referred,
): { readonly text: string; readonly refusals: readonly string[] } {
  const refusals = new Set<string>();
  let inserted = 0;
  const replaced = text.replace(reference, (written, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    if (name === undefined) return '$';
    const referred = lookup(name);
    if ('refusal' in referred) {
      refusals.add(referred.refusal);
      return written;
    }
    inserted += referred.text.length;
    if (inserted <= longest) return referred.text;
    refusals.add(`its references amount to more than ${longest} characters`);
    return '';
  });
  return { text: replaced, refusals: [...refusals] };
}
