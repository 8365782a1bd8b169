#include "aws/endpoint.h"
