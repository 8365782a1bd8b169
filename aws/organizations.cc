#include "aws/organizations.h"
