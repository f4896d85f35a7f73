#pragma once

/// In a program that is linked with --wrap=SYMBOL, the function that is declared with
/// AMBIT_IN_PLACE_OF is called instead of SYMBOL, and the one with AMBIT_REAL is SYMBOL itself.
#define AMBIT_IN_PLACE_OF(symbol) asm("__wrap_" symbol)
#define AMBIT_REAL(symbol) asm("__real_" symbol)
