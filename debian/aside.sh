# Debian's packages may stay: what they have under the same name is put aside before unpacking, and back by
# postrm. A name is never missing meanwhile, as dpkg-divert --rename would have it: at first both names are one
# file, and dpkg puts ours in the place of one of them.
there_is() { # PATH, were it a link to what is put aside, or back, later
	[ -e "$1" ] || [ -L "$1" ]
}

is_one_file() { # PATH PATH
	[ "$(stat -c %d:%i "$1" 2>/dev/null)" = "$(stat -c %d:%i "$2" 2>/dev/null)" ]
}

put_aside() { # PATH ASIDE
	[ "$(dpkg-divert --truename "$1")" = "$1" ] || return 0
	if there_is "$1" && ! is_one_file "$1" "$2"; then
		ln "$1" "$2"
	fi
	dpkg-divert --quiet --package "$DPKG_MAINTSCRIPT_PACKAGE" --no-rename --divert "$2" --add "$1"
}

put_back() { # PATH ASIDE
	[ "$(dpkg-divert --listpackage "$1")" = "$DPKG_MAINTSCRIPT_PACKAGE" ] || return 0
	if is_one_file "$1" "$2"; then
		rm -f "$2" # ours was never unpacked
	elif there_is "$2"; then
		mv -f "$2" "$1"
	fi
	dpkg-divert --quiet --package "$DPKG_MAINTSCRIPT_PACKAGE" --no-rename --divert "$2" --remove "$1"
}
