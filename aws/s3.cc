#include "aws/s3.h"
