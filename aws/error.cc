#include "aws/error.h"
