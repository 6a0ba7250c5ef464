# Third-party libraries, all of Debian 12. Each header is included by the folders named here only.
find_package(PkgConfig REQUIRED)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET libcrypto>=3.0) # base/digest.c, sign
pkg_check_modules(LIBGIT2 REQUIRED IMPORTED_TARGET libgit2>=1.5)   # fetch
pkg_check_modules(LIBARCHIVE REQUIRED IMPORTED_TARGET libarchive>=3.6) # builders, sign
pkg_check_modules(LIBCURL REQUIRED IMPORTED_TARGET libcurl>=7.88)  # base/http.c
pkg_check_modules(LIBSSH2 REQUIRED IMPORTED_TARGET libssh2>=1.10)  # builders/ssh
