# `cmake --install` makes a tree that may be moved anywhere and needs only glibc from the machine:
#   bin/farthing  lib/farthing/*.so  share/doc/farthing  share/<shell>/…
# The .deb leaves the libraries that Debian has ("bundled") to its dependencies.

set(private_libraries lib/farthing)
set_target_properties(farthing PROPERTIES INSTALL_RPATH "$ORIGIN/../${private_libraries}")
# An RPATH, unlike a RUNPATH, also serves the libraries of the libraries.
target_link_options(farthing PRIVATE -Wl,--disable-new-dtags)

install(TARGETS farthing RUNTIME_DEPENDENCY_SET runtime DESTINATION bin COMPONENT program)
install(FILES ${duckdb_library} DESTINATION ${private_libraries} COMPONENT program)
install(RUNTIME_DEPENDENCY_SET runtime
  DESTINATION ${private_libraries} COMPONENT bundled
  PRE_EXCLUDE_REGEXES "^(ld-linux.*|libc|libm|libdl|libpthread|librt|libresolv|libutil)\\.so" "^libduckdb\\.so"
  DIRECTORIES $<TARGET_FILE_DIR:DuckDB::duckdb>)

install(FILES LICENSE DESTINATION share/doc/farthing COMPONENT program)
install(FILES README.md DESTINATION share/doc/farthing COMPONENT program OPTIONAL)
install(FILES docs/how-to/rehearse-failures.md DESTINATION share/doc/farthing COMPONENT program)
install(FILES third_party/duckdb/LICENSE DESTINATION share/doc/farthing RENAME LICENSE.duckdb COMPONENT program)
# The program writes its own completions, while it is installed.
foreach(completion bash:bash-completion/completions/farthing zsh:zsh/site-functions/_farthing
        fish:fish/vendor_completions.d/farthing.fish)
  string(REGEX MATCH "^([a-z]+):((.+)/.+)$" _ ${completion})
  install(DIRECTORY DESTINATION share/${CMAKE_MATCH_3} COMPONENT program)
  install(CODE "execute_process(COMMAND $<TARGET_FILE:farthing> completion ${CMAKE_MATCH_1}
    OUTPUT_FILE \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/${CMAKE_MATCH_2}
    COMMAND_ERROR_IS_FATAL ANY)" COMPONENT program)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL program)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "The Farthing developers")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME farthing)
set(CPACK_DEBIAN_PROGRAM_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
get_filename_component(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${duckdb_library} DIRECTORY)
include(CPack)
