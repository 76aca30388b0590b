// Messages as a phone shows them. The box's programs tell the same ones to a terminal, where a
// command is a remedy; on a phone nobody can type it.

const COMMAND = /\b(?:sudo|systemctl|journalctl|alsactl|apt|apt-get|pip|usermod|modprobe|make live)\b|\bddsp-edge [a-z]/;
/** What the panel itself does, in place of the command that does it. */
const SAID = [
  [/take effect after: systemctl restart ddsp-edge/, "take effect once the engine is restarted (System)"],
  [/see: ddsp-edge control mappings/, "see Knobs and switches in Sound"],
  [/see: ddsp-edge (?:status|stats)/, "see System"],
  [/see `ddsp-edge devices`, or name a PCM with --card/, "plug another in, or choose one in System"],
  [/copy its id from `ddsp-edge devices`.*/, "choose it in System"],
  [/save one with: ddsp-edge preset save NAME/, "save one in Presets"],
  [/--allow-downgrade installs it nevertheless/, "only a computer installs it nevertheless, over ssh"],
  [/give the \.raucb file that `make update` makes/, "its name ends in .raucb"],
  [/send it with: ddsp-edge deploy.*/, "send it from a computer"],
  [/at the box: ddsp-edge panel-code --unlock, or a footswitch/, "at the box with a footswitch"],
  [/, in its log and to ddsp-edge panel-code/, " and in its log"],
];

/** The message without commands for a terminal. Of its first clause what is before the command is
 * kept, since it says what is wrong; others, and all of a `remedy`, are of no use without theirs. */
export function plain(message, remedy = false) {
  let text = message;
  for (const [command, words] of SAID) text = text.replace(command, words);
  if (!COMMAND.test(text)) return text;
  text = text.replaceAll(/\s*\([^()]*\)/g, (part) => (COMMAND.test(part) ? "" : part));
  const clauses = text.split("; ").map((clause, number) => {
    const at = clause.search(COMMAND);
    if (at < 0) return clause;
    return number || remedy ? "" : clause.slice(0, Math.max(0, clause.lastIndexOf(": ", at)));
  });
  return clauses.filter(Boolean).join("; ");
}
