import { Argument, type Command } from 'commander';
import { EXIT } from '../exit-code.ts';
import type { Run } from '../verb.ts';

/** `fig completion`: what a shell has to be told to complete verbs, options and routes. */
export function addCompletion(program: Command, run: Run): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh']))
    .description('print what completes fig in a shell: eval "$(npx fig completion bash)"')
    .action(
      run(async (session, _options, shell: 'bash' | 'zsh') => {
        session.say(completionScript(program, shell));
        return EXIT.ok;
      }),
    );
}

type Words = {
  readonly path: string;
  readonly options: readonly string[];
  readonly verbs: readonly string[];
  readonly takesRoute: boolean;
};

function wordsOf(command: Command, path = ''): Words[] {
  const here = {
    path,
    options: command.options.flatMap(({ long }) => long ?? []),
    verbs: command.commands.map((one) => one.name()),
    takesRoute: command.registeredArguments.some((one) => one.name() === 'route'),
  };
  return [here, ...command.commands.flatMap((one) => wordsOf(one, `${path} ${one.name()}`.trim()))];
}

/** One function for both: zsh takes bash completions when it is asked to. */
function completionScript(program: Command, shell: 'bash' | 'zsh'): string {
  const all = wordsOf(program);
  const shared = [...(all[0]?.options ?? []), '--help'];
  const cases = all.map(({ path, options, verbs, takesRoute }) => {
    const words = [...verbs, ...new Set([...options, ...shared])].join(' ');
    return `    '${path}') offers='${words}'; routes=${takesRoute ? 1 : 0} ;;`;
  });
  const verbs = all.map(({ path }) => path).filter((path) => path !== '');
  return `${shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_fig_routes() {
  local plan=migration-plan word before='' file
  for word in "\${COMP_WORDS[@]}"; do
    if [ "$before" = --plan ]; then plan=$word; fi
    before=$word
  done
  for file in "$plan"/routes/*.yaml; do
    [ -e "$file" ] || continue
    file=\${file##*/}
    printf '%s\n' "\${file%.yaml}"
  done
}
_fig() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb='' word offers='' routes=0 n
  COMPREPLY=()
  case "$previous" in --plan|--html|--output|--contract|--add|--file|--state) COMPREPLY=($(compgen -f -- "$cur")); return ;; esac
  for ((n = 1; n < COMP_CWORD; n++)); do
    word=\${verb:+$verb }\${COMP_WORDS[n]}
    case "$word" in ${verbs.map((verb) => `'${verb}'`).join('|')}) verb=$word ;; esac
  done
  case "$verb" in
${cases.join('\n')}
  esac
  if [ "$routes" = 1 ] && [ "\${cur:0:1}" != - ]; then offers="$(_fig_routes)"; fi
  COMPREPLY=($(compgen -W "$offers" -- "$cur"))
}
complete -F _fig fig
command -v fig > /dev/null || fig() { npx fig "$@"; }`;
}
