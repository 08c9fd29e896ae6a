/** Colours of source text: elements for each word, made of text alone. */

const PYTHON = [
  ["comment", /#.*/],
  ["string", /[rbfRBF]{0,2}(?:"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/],
  [
    "keyword",
    /\b(?:False|None|True|and|as|assert|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield)\b/,
  ],
  ["name", /(?<=\b(?:class|def) )\w+|@[\w.]+/],
  ["number", /\b(?:0x[\da-fA-F]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?)\b/],
];

const PROTOTXT = [
  ["comment", /#.*/],
  ["string", /"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?/],
  ["keyword", /[A-Za-z_]\w*(?=\s*:?\s*\{)/],
  ["name", /[A-Za-z_]\w*(?=\s*:)/],
  ["number", /(?<![\w.])-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?f?\b/],
];

/** One pattern of a language's kinds, each a group of its name; words of no kind are passed over. */
function together(kinds) {
  const parts = kinds.map(([kind, pattern]) => `(?<${kind}>${pattern.source})`);
  return new RegExp(`${parts.join("|")}|\\w+`, "g");
}

const LANGUAGES = { python: together(PYTHON), prototxt: together(PROTOTXT) };

/** The text in colours, as nodes; a text of no known language is one node. */
export function coloured(text, language) {
  const made = document.createDocumentFragment();
  let from = 0;
  for (const match of LANGUAGES[language] ? text.matchAll(LANGUAGES[language]) : []) {
    const kind = Object.keys(match.groups).find((each) => match.groups[each] !== undefined);
    if (!kind) continue;
    made.append(text.slice(from, match.index));
    const word = document.createElement("span");
    word.className = kind;
    word.textContent = match[0];
    made.append(word);
    from = match.index + match[0].length;
  }
  made.append(text.slice(from));
  return made;
}
