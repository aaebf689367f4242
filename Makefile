# Builds and installs the C library, its headers and what finds them. Cargo does everything else.
#
#   make install PREFIX=/usr/local          (DESTDIR is put before it)
#   make uninstall PREFIX=/usr/local
#
# PROFILE is cargo's: `library` is optimized, `dev` and `test` are built quickly.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
PROFILE ?= library
CARGO ?= cargo
INSTALL ?= install

VERSION := 0.1.0
SONAME := libsynsent.so.0
# The libraries that the systems' own build lines name.
LINK_NAMES := ws2_32 wsock32 targettcp
PACKAGES := winsock1 winsock2 targettcp bs2000

CARGO_TARGET_DIR ?= target
# With a triple, cargo builds in a folder of that name.
BUILT := $(CARGO_TARGET_DIR)/$(if $(CARGO_BUILD_TARGET),$(CARGO_BUILD_TARGET)/)$(if $(filter dev test,$(PROFILE)),debug,$(PROFILE))
HEADERS := crates/capi/include
# Sources that were written where names have no case spell the headers in these ways too.
SPELLINGS := winsock2.h=WinSock2.h winsock2.h=Winsock2.h winsock2.h=WINSOCK2.H winsock2.h=winSock2.h winsock.h=WinSock.h \
    winsock.h=Winsock.h winsock.h=WINSOCK.H ws2tcpip.h=WS2tcpip.h ws2tcpip.h=Ws2tcpip.h ws2tcpip.h=WS2TCPIP.H ws2tcpip.h=Ws2TcpIp.h \
    ws2tcpip.h=WS2TcpIp.h mswsock.h=MSWSock.h mswsock.h=Mswsock.h mswsock.h=MSWSOCK.H windows.h=Windows.h windows.h=WINDOWS.H \
    windows.h=WINDOWS.h winsock2.h=WINSOCK2.h winsock.h=WINSOCK.h ws2def.h=Ws2def.h mstcpip.h=Mstcpip.h tchar.h=TCHAR.H tchar.h=Tchar.h \
    tchar.h=TCHAR.h process.h=Process.h basetsd.h=BaseTsd.h mmsystem.h=MMSystem.h mmsystem.h=Mmsystem.h iphlpapi.h=Iphlpapi.h \
    iphlpapi.h=IPHlpApi.h windef.h=WinDef.h winbase.h=WinBase.h winuser.h=WinUser.h winerror.h=WinError.h
# The manual pages are made by a small program, for which the optimizer is not worth the time.
MAN_PROFILE := $(if $(filter test,$(PROFILE)),test,dev)
MAN := $(CARGO_TARGET_DIR)/man

.PHONY: all library manual install uninstall

all: library manual

library:
	$(CARGO) build --locked --target-dir "$(CARGO_TARGET_DIR)" --profile $(PROFILE) -p synsent-capi

manual:
	rm -rf "$(MAN)"
	$(CARGO) run --locked --target-dir "$(CARGO_TARGET_DIR)" --quiet --profile $(MAN_PROFILE) -p synsent-dialects --example man "$(MAN)" $(HEADERS)

install: library manual
	$(INSTALL) -d "$(DESTDIR)$(LIBDIR)/pkgconfig" "$(DESTDIR)$(INCLUDEDIR)/synsent/windows"
	$(INSTALL) -m 755 $(BUILT)/libsynsent_capi.so "$(DESTDIR)$(LIBDIR)/libsynsent.so.$(VERSION)"
	ln -sf libsynsent.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/$(SONAME)"
	ln -sf $(SONAME) "$(DESTDIR)$(LIBDIR)/libsynsent.so"
	$(INSTALL) -m 644 $(BUILT)/libsynsent_capi.a "$(DESTDIR)$(LIBDIR)/libsynsent.a"
	for name in $(LINK_NAMES); do \
	    ln -sf $(SONAME) "$(DESTDIR)$(LIBDIR)/lib$$name.so" && \
	    ln -sf libsynsent.a "$(DESTDIR)$(LIBDIR)/lib$$name.a" || exit 1; \
	done
	cd $(HEADERS) && find . -name '*.h' | while read -r header; do \
	    $(INSTALL) -D -m 644 "$$header" "$(DESTDIR)$(INCLUDEDIR)/synsent/$$header" || exit 1; \
	done
	for spelling in $(SPELLINGS); do \
	    ln -sf "$${spelling%%=*}" "$(DESTDIR)$(INCLUDEDIR)/synsent/windows/$${spelling#*=}" || exit 1; \
	done
	cd "$(MAN)" && find . -type f | while read -r page; do \
	    $(INSTALL) -D -m 644 "$$page" "$(DESTDIR)$(MANDIR)/$$page" || exit 1; \
	done
	for package in $(PACKAGES); do \
	    sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
	        crates/capi/pkgconfig/synsent-$$package.pc.in > "$(DESTDIR)$(LIBDIR)/pkgconfig/synsent-$$package.pc" || exit 1; \
	done

uninstall:
	rm -f "$(DESTDIR)$(LIBDIR)/libsynsent.so.$(VERSION)" "$(DESTDIR)$(LIBDIR)/$(SONAME)" \
	    "$(DESTDIR)$(LIBDIR)/libsynsent.so" "$(DESTDIR)$(LIBDIR)/libsynsent.a"
	for name in $(LINK_NAMES); do rm -f "$(DESTDIR)$(LIBDIR)/lib$$name.so" "$(DESTDIR)$(LIBDIR)/lib$$name.a"; done
	for package in $(PACKAGES); do rm -f "$(DESTDIR)$(LIBDIR)/pkgconfig/synsent-$$package.pc"; done
	for package in $(PACKAGES); do \
	    rm -f "$(DESTDIR)$(MANDIR)"/man3/*.3$$package "$(DESTDIR)$(MANDIR)/man7/synsent-$$package.7"; \
	done
	rm -rf "$(DESTDIR)$(INCLUDEDIR)/synsent"
