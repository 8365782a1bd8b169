#include "aws/billing_exports.h"
