# Looks at the tables of this host before the package is unpacked, and fails where a line of them would be
# taken differently than by what is replaced. dpkg puts tcpwrap, which travels with this script, beside it.
look_at_tables() {
	status=0
	said=$("${0%/*}/tcpwrap" check --differences 2>&1) || status=$?
	[ $status != 0 ] || return 0
	printf '%s\n' "$said" >&2
	if [ "${TCPWRAP_FORCE:-}" = 1 ]; then
		echo "$DPKG_MAINTSCRIPT_PACKAGE: TCPWRAP_FORCE=1: installing all the same" >&2
		return 0
	fi
	cat >&2 <<-END

	$DPKG_MAINTSCRIPT_PACKAGE: nothing was installed or changed. Above are lines of this host's tables that Debian's
	libwrap and tcpwrap take differently; a client is admitted only if both readings of a line admit it.
	Mend them, or look at each of them and say that you did:

	    env TCPWRAP_FORCE=1 apt-get install $DPKG_MAINTSCRIPT_PACKAGE

	END
	return 1
}
