" Tables of TCP Wrappers. After Vim's own detection, so that this one counts.
autocmd BufNewFile,BufRead */etc/hosts.allow,*/etc/hosts.deny,*.hosts.allow,*.hosts.deny set filetype=tcpwrap
