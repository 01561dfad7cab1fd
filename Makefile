# tcpwrap. This file only forwards: the build is Meson's, the tests are tests/run's.
#
#   make            build                       make bench      measure beside the peers
#   make demo       show the main job live      make install    [DESTDIR=] [PREFIX=/usr/local] [FORCE=1]
#   make check      every test, quick tier      make uninstall
#   make check-deep the long ones too           make deb        Debian packages, in build/deb
#                                               make clean

BUILD = build
PREFIX = /usr/local
DESTDIR =
FORCE =

all: $(BUILD)/build.ninja
	meson compile -C $(BUILD)

$(BUILD)/build.ninja:
	tools/setup build
	meson setup $(BUILD) --prefix=$(PREFIX) -Dtests=false

demo: all
	tools/demo $(BUILD)

check check-deep:
	tools/setup test
	tools/check $@

bench:
	tools/setup test
	tools/check build
	bench/run

fuzz:
	tools/setup fuzz
	tools/fuzz

install: all
	tools/install install $(BUILD) "$(PREFIX)" "$(DESTDIR)" "$(FORCE)"

uninstall:
	tools/install uninstall $(BUILD) "$(PREFIX)" "$(DESTDIR)" "$(FORCE)"

deb:
	tools/setup deb
	tools/deb $(BUILD)/deb

clean:
	rm -rf $(BUILD)

.PHONY: all demo check check-deep bench fuzz install uninstall deb clean
