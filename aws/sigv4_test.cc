#include "aws/sigv4.h"

#include <gtest/gtest.h>
