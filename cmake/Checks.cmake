# Checks of the source text, run by ctest like every other test.

function(farthing_check name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS check SKIP_RETURN_CODE 77)
endfunction()

farthing_check(layers ${Python3_EXECUTABLE} scripts/check_layers.py)
farthing_check(banned ${Python3_EXECUTABLE} scripts/check_banned.py)
farthing_check(cited ${Python3_EXECUTABLE} scripts/check_cited.py)
farthing_check(format scripts/format --check)
if(EXISTS ${PROJECT_SOURCE_DIR}/scripts/gen)
  farthing_check(generated scripts/gen --check)
endif()
