#include <benchmark/benchmark.h>

#include "base/decimal.h"

namespace farthing {
namespace {

void ParseAmount(benchmark::State& state) {
  for (auto iteration : state) benchmark::DoNotOptimize(ParseDecimal("0.0000104420"));
}
BENCHMARK(ParseAmount);

void AmountFromDouble(benchmark::State& state) {
  for (auto iteration : state) benchmark::DoNotOptimize(FromDouble(0.000010442));
}
BENCHMARK(AmountFromDouble);

}  // namespace
}  // namespace farthing
