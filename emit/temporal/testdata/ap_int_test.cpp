// Holds the stand-in ap_int.h against arithmetic on 128-bit integers: exhaustively for small
// widths, randomly for large ones, and against strings of bits where a value is a word of a bus.
#include "ap_int.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

__extension__ typedef __int128 big;
__extension__ typedef unsigned __int128 ubig;

static long checks = 0;

static std::string text(big v) {
  const bool negative = v < 0;
  ubig u = negative ? -ubig(v) : ubig(v);
  std::string s;
  do s.insert(s.begin(), char('0' + int(u % 10))); while (u /= 10);
  return negative ? "-" + s : s;
}

static void check(const char* what, int w1, bool s1, int w2, bool s2, big a, big b, big got, big want) {
  ++checks;
  if (got == want) return;
  std::printf("FAIL %s of ap_%s<%d> %s and ap_%s<%d> %s: got %s, want %s\n", what, s1 ? "int" : "uint", w1, text(a).c_str(),
              s2 ? "int" : "uint", w2, text(b).c_str(), text(got).c_str(), text(want).c_str());
  std::exit(1);
}

// The value of the low w bits of v: the definition, with division instead of shifts.
static big wrapped(big v, int w, bool s) {
  if (w >= 127) return v;
  const big m = big(1) << w;
  big r = v % m;
  if (r < 0) r += m;
  return s && r >= m / 2 ? r - m : r;
}

static big floor_shift(big v, int n) {
  if (n > 126) return v < 0 ? -1 : 0;
  const big d = big(1) << n;
  big q = v / d;
  return v % d < 0 ? q - 1 : q;
}

template <int W, bool S> using ap = std::conditional_t<S, ap_int<W>, ap_uint<W>>;

template <int W, bool S> static big value(const ap_int_base<W, S>& v) { return big(v.value()); }

// Widths and signs that the vendor's guide gives, as literals.
#define IS(expression, w, s) \
  static_assert(decltype(expression)::width == w && decltype(expression)::sign_flag == s, #expression)
static ap_int<8> i8; static ap_uint<8> u8; static ap_int<5> i5; static ap_uint<5> u5; static ap_int<1> i1;
IS(i8 + i8, 9, true); IS(u8 + u8, 9, false); IS(i8 + u8, 10, true); IS(u8 + i8, 10, true); IS(i8 + u5, 9, true);
IS(u8 + i5, 10, true); IS(i8 - i8, 9, true); IS(u8 - u8, 9, true); IS(u8 - i8, 10, true); IS(i8 * i5, 13, true);
IS(u8 * u5, 13, false); IS(u8 * i5, 13, true); IS(i1 * i1, 2, true); IS(i8 & u8, 9, true); IS(u8 | u5, 8, false);
IS(i8 ^ i5, 8, true); IS(i8 << 3, 8, true); IS(u8 >> u5, 8, false); IS(i8 / i5, 9, true); IS(u8 / u5, 8, false);
IS(u8 % u5, 5, false); IS(i8 % i5, 5, true); IS(i8 + 1, 33, true); IS(u8 * 3u, 40, false); IS(i8 + 1ll, 65, true);
IS(u8 + true, 9, false); IS(~i8, 8, true); IS(-u8, 9, true);

template <int W1, bool S1, int W2, bool S2> static void binary(big x, big y) {
  const ap<W1, S1> a = x;
  const ap<W2, S2> b = y;
  x = wrapped(x, W1, S1);
  y = wrapped(y, W2, S2);
#define EQUAL(what, got, want) check(what, W1, S1, W2, S2, x, y, got, want)
  EQUAL("value", value(a), x);
  EQUAL("sum", value(a + b), x + y);
  EQUAL("difference", value(a - b), x - y);
  EQUAL("product", value(a * b), x * y);
  if (y != 0) {
    EQUAL("quotient", value(a / b), x / y);
    EQUAL("rest", value(a % b), x % y);
  }
  // Bits of numbers: sign extension without an end.
  EQUAL("and", value(a & b), x & y);
  EQUAL("or", value(a | b), x | y);
  EQUAL("exclusive or", value(a ^ b), x ^ y);
  EQUAL("<", big(a < b), big(x < y));
  EQUAL("<=", big(a <= b), big(x <= y));
  EQUAL(">", big(a > b), big(x > y));
  EQUAL(">=", big(a >= b), big(x >= y));
  EQUAL("==", big(a == b), big(x == y));
  EQUAL("!=", big(a != b), big(x != y));
  EQUAL("assignment", value(ap<W2, S2>(a)), wrapped(x, W2, S2));
  ap<W1, S1> c = a;
  c += b; EQUAL("+=", value(c), wrapped(x + y, W1, S1));
  c = a; c -= b; EQUAL("-=", value(c), wrapped(x - y, W1, S1));
  c = a; c *= b; EQUAL("*=", value(c), wrapped(x * y, W1, S1));
  c = a; c |= ap<W1, S2>(b); EQUAL("|=", value(c), wrapped(x | y, W1, S1));
  c = a; c &= ap<W1, S2>(b); EQUAL("&=", value(c), wrapped(x & y, W1, S1));
  c = a; c ^= ap<W1, S2>(b); EQUAL("^=", value(c), wrapped(x ^ y, W1, S1));
  c = true ? a : ap<W1, S1>(b); EQUAL("choice", value(c), x);
  if constexpr (W1 <= 32 && W2 <= 32) {  // beside native integers
    EQUAL("sum with int", value(a + int(y)), x + int(y));
    EQUAL("difference from int", value(int(y) - a), int(y) - x);
    EQUAL("product with long long", value(a * (long long)(y)), x * (long long)(y));
    EQUAL("< int", big(a < int(y)), big(x < int(y)));
    EQUAL("int ==", big(int(y) == a), big(int(y) == x));
  }
}

template <int W, bool S> static void unary(big x) {
  constexpr int W1 = W, W2 = 0;
  constexpr bool S1 = S, S2 = false;
  const ap<W, S> a = x;
  x = wrapped(x, W, S);
  const big pattern = wrapped(x, W, false);
  big y = 0;
  EQUAL("complement", value(~a), wrapped(-x - 1, W, S));
  EQUAL("negation", value(-a), -x);
  EQUAL("not", big(!a), big(x == 0));
  EQUAL("to_int", big(a.to_int()), wrapped(x, 32, true));
  EQUAL("to_uint", big(a.to_uint()), wrapped(x, 32, false));
  EQUAL("to_int64", big(a.to_int64()), wrapped(x, 64, true));
  EQUAL("to_uint64", big(a.to_uint64()), wrapped(x, 64, false));
  EQUAL("to_bool", big(a.to_bool()), big(x != 0));
  for (int n = 0; n <= W + 2; ++n) {
    y = n;
    EQUAL("<<", value(a << n), n >= W ? big(0) : wrapped(wrapped(x, W - n, false) * (big(1) << n), W, S));
    EQUAL(">>", value(a >> n), floor_shift(x, n));
    EQUAL(">> by ap_uint", value(a >> ap_uint<8>(n)), floor_shift(x, n));
    if (n == W) break;
    EQUAL("bit", big(a[n]), floor_shift(pattern, n) & 1);
    ap<W, S> b = a;
    b[n] = !a[n];
    EQUAL("bit assigned", value(b), wrapped(pattern ^ (big(1) << n), W, S));
    for (int high = n; high < W; high += 1 + W / 9) {
      const int length = high - n + 1;
      const big part = wrapped(floor_shift(pattern, n), length, false);
      EQUAL("range", value(ap_uint<W>(a.range(high, n))), part);
      EQUAL("range as a number", big(a(high, n).to_uint64()), wrapped(part, 64, false));
      b = a;
      b.range(high, n) = ap_int<W>(~x);
      const big want = pattern - part * (big(1) << n) + wrapped(-x - 1, length, false) * (big(1) << n);
      EQUAL("range assigned", value(b), wrapped(want, W, S));
    }
  }
  ap<W, S> c = a;
  y = 0;
  EQUAL("++", value(++c), wrapped(x + 1, W, S));
  EQUAL("--", value(c--), wrapped(x + 1, W, S));
  EQUAL("after --", value(c), x);
  c <<= 1;
  EQUAL("<<=", value(c), wrapped(x * 2, W, S));
}

static uint64_t state = 88172645463325252ull;
static uint64_t random64() {
  state ^= state >> 12; state ^= state << 25; state ^= state >> 27;
  return state * 2685821657736338717ull;
}
// Corners as often as anything else.
static big random_value(int w) {
  const big top = big(1) << (w - 1);
  switch (random64() % 8) {
    case 0: return big(random64() % 4) - 2;
    case 1: return top - 2 + big(random64() % 4);
    case 2: return -top + big(random64() % 3);
    default: return (big(random64()) << 64 | big(random64())) >> (random64() % 64);
  }
}

template <int W1, int W2> static void pair_exhaustive() {
  for (int x = 0; x < 1 << W1; ++x)
    for (int y = 0; y < 1 << W2; ++y) {
      binary<W1, false, W2, false>(x, y);
      binary<W1, false, W2, true>(x, y);
      binary<W1, true, W2, false>(x, y);
      binary<W1, true, W2, true>(x, y);
    }
}
template <int W1, int... W2> static void row_exhaustive(std::integer_sequence<int, W2...>) {
  (pair_exhaustive<W1, W2 + 1>(), ...);
  for (int x = 0; x < 1 << W1; ++x) unary<W1, false>(x), unary<W1, true>(x);
}
template <int... W1> static void all_exhaustive(std::integer_sequence<int, W1...> widths) {
  (row_exhaustive<W1 + 1>(widths), ...);
}

template <int W1, int W2> static void pair_random(int n = 20000) {
  for (int i = 0; i < n; ++i) {
    const big x = random_value(W1), y = random_value(W2);
    binary<W1, false, W2, false>(x, y);
    binary<W1, false, W2, true>(x, y);
    binary<W1, true, W2, false>(x, y);
    binary<W1, true, W2, true>(x, y);
  }
}
template <int W> static void one_random(int n = 500) {
  for (int i = 0; i < n; ++i) unary<W, false>(random_value(W)), unary<W, true>(random_value(W));
}

// Wide words against strings of bits.
template <int W> static void wide(int n) {
  std::vector<bool> bits(W, false);
  ap_uint<W> a = 0;
  for (int i = 0; i < n; ++i) {
    const int low = int(random64() % W), length = 1 + int(random64() % (W - low < 64 ? W - low : 64));
    const uint64_t v = random64();
    a.range(low + length - 1, low) = ap_uint<64>(v);
    for (int b = 0; b < length; ++b) bits[low + b] = v >> b & 1;
    const int from = int(random64() % W), count = 1 + int(random64() % (W - from));
    ap_uint<W> part = a.range(from + count - 1, from);
    const ap_int<13> narrow = a.range(from + count - 1, from);
    ap_uint<2 * W> wider = a;
    wider.range(W + from + count - 1, W + from) = a.range(from + count - 1, from);
    for (int b = 0; b < W; ++b) {
      const bool in = b < count && bits[from + b];
      ++checks;
      if (a[b] != bits[b] || part[b] != in || (b < 13 && narrow[b] != in) || wider[b] != bits[b] ||
          wider[W + b] != (b >= from && b < from + count && bits[b])) {
        std::printf("FAIL bit %d of ap_uint<%d>, range from %d, %d bits\n", b, W, from, count);
        std::exit(1);
      }
    }
    ap_uint<W> other = a;
    if (!(other == a)) std::printf("FAIL equality\n"), std::exit(1);
    other[from] = !other[from];
    if (other == a || !(other != a)) std::printf("FAIL inequality\n"), std::exit(1);
  }
}

int main() {
  all_exhaustive(std::make_integer_sequence<int, 6>());
  pair_random<8, 8>(); pair_random<7, 9>(); pair_random<16, 16>(); pair_random<15, 17>(); pair_random<17, 26>();
  pair_random<31, 33>(); pair_random<32, 32>(); pair_random<32, 1>(); pair_random<8, 64>(); pair_random<9, 40>();
  pair_random<26, 18>(); pair_random<48, 16>(); pair_random<50, 24>(); pair_random<63, 63>(); pair_random<64, 32>();
  pair_random<62, 64>(); pair_random<65, 60>(); pair_random<80, 40>(); pair_random<100, 20>(); pair_random<3, 120>();
  one_random<7>(); one_random<8>(); one_random<17>(); one_random<32>(); one_random<33>(); one_random<63>();
  one_random<64>(); one_random<65>(); one_random<100>(); one_random<120>();
  wide<129>(2000); wide<256>(1000); wide<512>(1000); wide<1000>(500); wide<2048>(200);
  std::printf("PASS %ld checks\n", checks);
}
