# Compiler and linker flags, probed, for gcc 12 and clang 14.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)

option(SEALWRIGHT_WERROR "treat warnings as errors" ON)
option(SEALWRIGHT_FUZZ "build the libFuzzer targets (clang)" OFF)
option(SEALWRIGHT_COVERAGE "instrument for gcov" OFF)
set(SEALWRIGHT_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")

add_library(sw_flags INTERFACE)
target_include_directories(sw_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_definitions(sw_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)

function(sw_flag flag)
	string(MAKE_C_IDENTIFIER "HAVE_FLAG${flag}" have)
	check_c_compiler_flag(${flag} ${have})
	if(${have})
		target_compile_options(sw_flags INTERFACE ${flag})
	endif()
endfunction()

function(sw_link_flag flag)
	string(MAKE_C_IDENTIFIER "HAVE_LINK${flag}" have)
	check_linker_flag(C ${flag} ${have})
	if(${have})
		target_link_options(sw_flags INTERFACE ${flag})
	endif()
endfunction()

foreach(flag -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
		-Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef
		-Wformat=2 -Wvla -Wswitch-enum -Wimplicit-fallthrough
		-Wduplicated-cond -Wlogical-op -Walloca -Wno-missing-field-initializers
		-Wno-gnu-statement-expression -fno-strict-aliasing -fno-common)
	sw_flag(${flag})
endforeach()
if(SEALWRIGHT_WERROR)
	sw_flag(-Werror)
endif()

if(SEALWRIGHT_SANITIZE)
	target_compile_options(sw_flags INTERFACE -fsanitize=${SEALWRIGHT_SANITIZE}
		-fno-sanitize-recover=all -fno-omit-frame-pointer)
	target_link_options(sw_flags INTERFACE -fsanitize=${SEALWRIGHT_SANITIZE})
endif()
if(SEALWRIGHT_COVERAGE)
	target_compile_options(sw_flags INTERFACE --coverage)
	target_link_options(sw_flags INTERFACE --coverage)
endif()
if(SEALWRIGHT_FUZZ)
	target_compile_options(sw_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" OR CMAKE_BUILD_TYPE STREQUAL "Release")
	# Asserts are for bugs and stay on.
	string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
	string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
	target_compile_options(sw_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
	foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection
			-ftrivial-auto-var-init=zero)
		sw_flag(${flag})
	endforeach()
	foreach(flag -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
		sw_link_flag(${flag})
	endforeach()
	set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()
