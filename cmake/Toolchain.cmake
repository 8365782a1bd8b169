# Language, warnings, sanitizers, and the tools that make builds faster where they are installed.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
include_directories(${PROJECT_SOURCE_DIR})
find_package(Threads REQUIRED)
# Messages name files as "base/time.cc", wherever the checkout lies.
add_compile_options(-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

if(FARTHING_DEVELOPER)
  add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # False alarms of GCC 12 in std::string's operator+ (GCC bug 105651).
    add_compile_options(-Wno-array-bounds -Wno-restrict)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # std::stable_sort of libstdc++ 12 calls what it declares deprecated itself.
    add_compile_options(-Wno-deprecated-declarations)
  endif()
endif()

if(FARTHING_SANITIZE)
  add_compile_options(-fsanitize=${FARTHING_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FARTHING_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What a sanitizer adds makes GCC see faults that are none: uninitialized memory in std::regex (GCC bug 105562),
    # overflows in std::string, fences in Asio.  The dev preset judges warnings.
    add_compile_options(-Wno-error)
  endif()
endif()
if(FARTHING_FUZZ_ENGINE STREQUAL "libfuzzer")
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
endif()

# Only libraries that are used become dependencies of the program.
add_link_options(-Wl,--as-needed)
find_program(FARTHING_MOLD mold)
if(FARTHING_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
  add_link_options(-fuse-ld=mold)
endif()

find_program(FARTHING_CCACHE ccache)
if(FARTHING_CCACHE)
  # Precompiled headers carry timestamps; without these ccache would never hit.
  set(sloppiness "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime")
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env ${sloppiness} ${FARTHING_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()

# The standard headers are parsed once per build tree; every target reuses the result.
file(WRITE ${PROJECT_BINARY_DIR}/pch/empty.cc "")
add_library(farthing_pch OBJECT ${PROJECT_BINARY_DIR}/pch/empty.cc)
target_precompile_headers(farthing_pch PRIVATE
  <algorithm> <array> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <mutex> <optional>
  <set> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>)
