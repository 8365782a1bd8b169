# farthing_module(<name>
#   FOLDERS <folders of a large module, lowest first; scripts/check_layers.py keeps the order>
#   HEADERS … SOURCES …
#   DEPENDS <modules declared above this one>
#   LIBRARIES <CMake targets of third parties, see Dependencies.cmake>
#   TESTS <x_test.cc …>)
#
# Declares the static library farthing_<name>, a GoogleTest binary <name>_test, and for every header
# a compilation on its own (target all_verify_interface_header_sets).
function(farthing_module name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;HEADERS;SOURCES;DEPENDS;LIBRARIES;TESTS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "module ${name}: unknown arguments ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  set(library farthing_${name})
  add_library(${library} STATIC ${ARG_SOURCES})
  target_sources(${library} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
  set_target_properties(${library} PROPERTIES LINKER_LANGUAGE CXX VERIFY_INTERFACE_HEADER_SETS ON)
  target_precompile_headers(${library} REUSE_FROM farthing_pch)
  foreach(dependency IN LISTS ARG_DEPENDS)
    if(NOT TARGET farthing_${dependency})
      message(FATAL_ERROR "module ${name} depends on ${dependency}, which is not declared above it")
    endif()
    target_link_libraries(${library} PUBLIC farthing_${dependency})
  endforeach()
  target_link_libraries(${library} PUBLIC ${ARG_LIBRARIES} Threads::Threads)

  if(FARTHING_DEVELOPER AND ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE ${library} GTest::gtest_main RapidCheck::rapidcheck)
    target_precompile_headers(${name}_test REUSE_FROM farthing_pch)
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}/" NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} PROPERTIES LABELS unit TIMEOUT 120)
  endif()
endfunction()
