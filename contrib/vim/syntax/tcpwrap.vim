" Vim syntax file: /etc/hosts.allow and /etc/hosts.deny, as hosts_access(5) and hosts_options(5) of tcpwrap have them.
"
" What is marked as an error does nothing, or something else than it says: an option that does not exist, a value
" where none may be, a letter behind % that stands for nothing, a line without a colon. Without "#!tcpwrap modern"
" that goes for a comment behind clients, too: Debian's library takes its words for clients.

if exists("b:current_syntax")
	finish
endif

syntax case match
syntax sync linecont /\\$/

let s:modern = getline(1) ==# "#!tcpwrap modern"

syntax match tcpwrapComment /^#.*/
syntax match tcpwrapError /^#!tcpwrap.*/
syntax match tcpwrapDirective /\%^#!tcpwrap \%(modern\|classic\)$/

" DAEMONS : CLIENTS [: OPTION ...]. A backslash and the end of a line continue it.
syntax match tcpwrapDaemons /^\s*[^#:[:space:]]\%(\\\_.\|[^:\\]\)*/ contains=@tcpwrapList nextgroup=tcpwrapFirstColon
syntax match tcpwrapError /^\s*[^#:[:space:]]\%(\\\_.\|[^:\\]\)*$/
syntax match tcpwrapFirstColon /:/ contained nextgroup=tcpwrapClients
syntax match tcpwrapClients contained contains=@tcpwrapList nextgroup=tcpwrapColon
	\ /\%(\[[^]]*\]\|[[:space:],:]\@1<=\%(\x\{0,4}:\)\{2,7}\%(\x\{1,4}\|\d\+\.[0-9.]\+\)\=\%(%\w\+\)\=\%(\/\d\+\)\=\%(::\|[^:]\)\@2<=\%([[:space:],:]\|$\)\@=\|\\\_.\|[^:\\]\)*/
syntax match tcpwrapColon /:/ contained skipwhite nextgroup=tcpwrapFlag,tcpwrapOption,tcpwrapUnknown

" Words of lists stand between blanks and commas.
syntax cluster tcpwrapList contains=tcpwrapWildcard,tcpwrapOperator,tcpwrapNetgroup,tcpwrapFile,tcpwrapAddress,
	\tcpwrapContinued,tcpwrapRemark
syntax match tcpwrapWildcard /[^[:space:],:@]\@1<!\c\%(ALL\|LOCAL\|KNOWN\|UNKNOWN\|PARANOID\)\%([[:space:],:@]\|$\)\@=/ contained
syntax match tcpwrapOperator /[^[:space:],:]\@1<!\cEXCEPT\%([[:space:],:]\|$\)\@=/ contained
syntax match tcpwrapNetgroup /[^[:space:],:]\@1<!@[^[:space:],:]\+/ contained
syntax match tcpwrapFile /[^[:space:],:]\@1<!\/[^[:space:],:]*/ contained
syntax match tcpwrapAddress /[^[:space:],:@]\@1<!\d\+\.[0-9.]*\%(\/[0-9.]\+\)\=\%([[:space:],:]\|$\)\@=/ contained
syntax match tcpwrapAddress /\[[0-9A-Fa-f:.]\+\%(%\w\+\)\=\%(\/\d\+\)\=\]\%(\/\d\+\)\=/ contained
syntax match tcpwrapAddress contained
	\ /[^[:space:],:@]\@1<!\%(\x\{0,4}:\)\{2,7}\%(\x\{1,4}\|\d\+\.[0-9.]\+\)\=\%(%\w\+\)\=\%(\/\d\+\)\=\%(::\|[^:]\)\@2<=\%([[:space:],:]\|$\)\@=/
syntax match tcpwrapContinued /\\$/ contained
syntax match tcpwrapRemark /[^[:space:],:]\@1<!#.*/ contained
if s:modern
	syntax match tcpwrapComment /^\s\+#.*/
else
	syntax match tcpwrapRemark /^\s\+#.*/
endif

" data/options.def has the options, data/expansions.def the letters. What is matched later counts more.
syntax match tcpwrapUnknown /\%(\\\_.\|[^:\\[:space:]]\)\%(\\\_.\|[^:\\]\)*/ contained nextgroup=tcpwrapColon
syntax match tcpwrapFlag /\%(allow\|deny\|keepalive\)\>/ contained skipwhite nextgroup=tcpwrapColon,tcpwrapUnknown
syntax match tcpwrapOption contained nextgroup=tcpwrapValue,tcpwrapColon
	\ /\%(severity\|spawn\|aclexec\|twist\|rfc931\|setenv\|umask\|nice\|linger\|banners\|user\|group\)\>/
syntax match tcpwrapValue /\%(\\\_.\|[^:\\]\)\+/ contained contains=tcpwrapEscape,tcpwrapExpansion,tcpwrapNothing nextgroup=tcpwrapColon
syntax match tcpwrapEscape /\\[:\\]\|\\$/ contained
syntax match tcpwrapNothing /%./ contained
syntax match tcpwrapExpansion /%[aAcdhHnNprRsu%]/ contained

highlight default link tcpwrapAddress Number
highlight default link tcpwrapColon Delimiter
highlight default link tcpwrapComment Comment
highlight default link tcpwrapContinued Special
highlight default link tcpwrapDaemons Identifier
highlight default link tcpwrapDirective PreProc
highlight default link tcpwrapError Error
highlight default link tcpwrapEscape Special
highlight default link tcpwrapExpansion SpecialChar
highlight default link tcpwrapFile Include
highlight default link tcpwrapFirstColon Delimiter
highlight default link tcpwrapFlag Statement
highlight default link tcpwrapNetgroup Include
highlight default link tcpwrapNothing Error
highlight default link tcpwrapOperator Operator
highlight default link tcpwrapOption Statement
highlight default link tcpwrapUnknown Error
highlight default link tcpwrapValue String
highlight default link tcpwrapWildcard Constant
execute "highlight default link tcpwrapRemark" s:modern ? "Comment" : "Error"

unlet s:modern
let b:current_syntax = "tcpwrap"
