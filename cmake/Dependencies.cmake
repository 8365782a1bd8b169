# Third parties.  Debian 12 packages, except DuckDB, which is pinned by version and checksum in
# scripts/fetch_duckdb.  Reasons and versions: docs/decisions/0001-dependencies.md.

find_package(PkgConfig REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json)  # Boost::json
find_package(CLI11 REQUIRED)                              # CLI11::CLI11
find_package(CURL REQUIRED)                               # CURL::libcurl
find_package(fmt REQUIRED)                                # fmt::fmt
find_package(OpenSSL REQUIRED COMPONENTS Crypto)          # OpenSSL::Crypto
find_package(pugixml REQUIRED)                            # pugixml::pugixml
find_package(SQLite3 REQUIRED)                            # SQLite::SQLite3
find_package(ZLIB REQUIRED)                               # ZLIB::ZLIB
pkg_check_modules(isal REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(zip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
add_library(ISAL::isal ALIAS PkgConfig::isal)
add_library(libsodium::sodium ALIAS PkgConfig::sodium)
add_library(libzip::zip ALIAS PkgConfig::zip)
add_library(xxHash::xxhash ALIAS PkgConfig::xxhash)

# DuckDB::duckdb
set(FARTHING_DUCKDB_DIR "" CACHE PATH
  "a DuckDB 1.4 to use instead of the pinned one: duckdb.h and libduckdb.so, or include/ and lib/")
if(FARTHING_DUCKDB_DIR)
  set(duckdb_directory ${FARTHING_DUCKDB_DIR})
else()
  execute_process(
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/fetch_duckdb
    OUTPUT_VARIABLE duckdb_directory OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "DuckDB is missing, see above; a copy of your own works with -DFARTHING_DUCKDB_DIR=<path>")
  endif()
endif()
find_file(duckdb_header duckdb.h PATHS ${duckdb_directory} PATH_SUFFIXES include
  NO_DEFAULT_PATH NO_CACHE REQUIRED)
find_library(duckdb_library duckdb PATHS ${duckdb_directory} PATH_SUFFIXES lib
  NO_DEFAULT_PATH NO_CACHE REQUIRED)
get_filename_component(duckdb_include ${duckdb_header} DIRECTORY)
add_library(DuckDB::duckdb SHARED IMPORTED)
set_target_properties(DuckDB::duckdb PROPERTIES
  IMPORTED_LOCATION ${duckdb_library} INTERFACE_INCLUDE_DIRECTORIES ${duckdb_include})

if(FARTHING_DEVELOPER)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  find_path(rapidcheck_include rapidcheck.h REQUIRED)
  find_library(rapidcheck_library rapidcheck REQUIRED)
  add_library(RapidCheck::rapidcheck UNKNOWN IMPORTED)
  set_target_properties(RapidCheck::rapidcheck PROPERTIES
    IMPORTED_LOCATION ${rapidcheck_library} INTERFACE_INCLUDE_DIRECTORIES ${rapidcheck_include})
endif()
if(FARTHING_BENCH)
  find_package(benchmark REQUIRED)
endif()
