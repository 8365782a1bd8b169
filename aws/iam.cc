#include "aws/iam.h"
