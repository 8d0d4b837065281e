# bash completion for passkeyctl, which knows itself what can follow: each line is a word, a tab, and what it is.
_passkeyctl() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("$1" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _passkeyctl passkeyctl
