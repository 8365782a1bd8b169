#include "http/client.h"

#include <gtest/gtest.h>
