# fish completion for passkeyctl, which knows itself what can follow: each line is a word, a tab, and what it is.
function __passkeyctl_offers
    set -l words (commandline -opc) (commandline -ct)
    passkeyctl __complete $words[2..] 2>/dev/null
    or __fish_complete_path (commandline -ct)
end
complete -c passkeyctl -f -k -a '(__passkeyctl_offers)'
