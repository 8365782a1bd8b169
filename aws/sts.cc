#include "aws/sts.h"
