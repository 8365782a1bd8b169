#include "aws/account_setup.h"
