// A stand-in for the vendor's ap_int.h, written from its documented behaviour (UG1399, "Arbitrary
// Precision Integer Types") so that the design can be compiled and run without a vendor tool. It
// is used only where the vendor's header is not on the include path.
//
//   ap_int<W>, ap_uint<W>   two's complement, W bits; assignment keeps the low W bits
//   a + b, a - b            one bit more than the wider operand, exact
//   a * b                   as many bits as both operands together, exact
//   a / b, a % b            truncated towards zero
//   a & b, a | b, a ^ b     as wide as the wider operand
//   a << n, a >> n          as wide as a; >> keeps the sign of a signed a
//
// An unsigned operand beside a signed one counts as one bit wider. Arithmetic is there for results
// of up to 128 bits. Wider values hold words of a bus or a memory: they can be assigned, compared
// for equality, and read and written in ranges of bits.
//
// A value is kept in the smallest native integer that holds it, so that the compiler vectorises
// loops over arrays of them.
#ifndef VITDSE_SHIM_AP_INT_H
#define VITDSE_SHIM_AP_INT_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

#ifndef AP_INT_MAX_W
#define AP_INT_MAX_W 1024
#endif

template <int W, bool S> class ap_int_base;

namespace ap_shim {

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

constexpr int larger(int a, int b) { return a > b ? a : b; }
constexpr int smaller(int a, int b) { return a < b ? a : b; }

// The smallest native integer of at least W bits, and its unsigned twin.
template <int W> struct native {
  static_assert(W <= 128, "arithmetic on more than 128 bits");
  using u = std::conditional_t<
      (W <= 8), uint8_t,
      std::conditional_t<(W <= 16), uint16_t,
                         std::conditional_t<(W <= 32), uint32_t,
                                            std::conditional_t<(W <= 64), uint64_t, uint128>>>>;
  using s = std::conditional_t<
      (W <= 8), int8_t,
      std::conditional_t<(W <= 16), int16_t,
                         std::conditional_t<(W <= 32), int32_t,
                                            std::conditional_t<(W <= 64), int64_t, int128>>>>;
};
template <int W, bool S>
using native_t = std::conditional_t<S, typename native<W>::s, typename native<W>::u>;

// The low W bits of v as a value of that type. Shifts of the unsigned twin: no overflow.
template <int W, bool S, class T> constexpr native_t<W, S> wrap(T v) {
  using N = native_t<W, S>;
  using U = typename native<W>::u;
  constexpr int spare = int(sizeof(U)) * 8 - W;
  if (spare == 0) return static_cast<N>(v);
  return static_cast<N>(static_cast<N>(static_cast<U>(static_cast<U>(v) << spare)) >> spare);
}

// Width and sign of the ap type that a native integer counts as.
template <class T> struct width_of {
  static constexpr int value = std::is_same<T, bool>::value ? 1 : int(sizeof(T)) * 8;
};
template <class T> struct is_native : std::integral_constant<bool, std::is_integral<T>::value> {};
template <> struct is_native<int128> : std::true_type {};
template <> struct is_native<uint128> : std::true_type {};
template <class T> struct is_signed : std::integral_constant<bool, std::is_signed<T>::value> {};
template <> struct is_signed<int128> : std::true_type {};

// Bits that a value does not have: the vendor's header warns, and gives any.
[[noreturn]] inline void outside(int high, int low, int width) {
  std::fflush(stdout);
  std::fprintf(stderr, "ap_int: bits %d to %d of a value of %d bits\n", high, low, width);
  std::_Exit(3);
}

// Growth rules.
template <int W1, bool S1, int W2, bool S2> struct rules {
  static constexpr bool any = S1 || S2;
  static constexpr int both = larger(W1 + (S2 && !S1), W2 + (S1 && !S2));
  using sum = ap_int_base<both + 1, any>;
  using difference = ap_int_base<both + 1, true>;
  using product = ap_int_base<W1 + W2, any>;
  using quotient = ap_int_base<W1 + S2, any>;
  using rest = ap_int_base<smaller(W1, W2 + (!S2 && S1)), S1>;
  using logic = ap_int_base<both, any>;
};

}  // namespace ap_shim

// A range of bits of a value, to be read or assigned.
template <int W, bool S> class ap_range_ref {
 public:
  ap_range_ref(ap_int_base<W, S>& of, int high, int low)
      : of_(of), low_(low), length_(high - low + 1) {
    if (low < 0 || high < low || high >= W) ap_shim::outside(high, low, W);
  }
  ap_range_ref(const ap_range_ref&) = default;

  template <int W2, bool S2> ap_range_ref& operator=(const ap_int_base<W2, S2>& v) {
    for (int i = 0; i < length_; i += 64) {
      const int n = length_ - i < 64 ? length_ - i : 64;
      of_.set_bits(low_ + i, n, v.extended_bits(i, n));
    }
    return *this;
  }
  template <class T, class = std::enable_if_t<ap_shim::is_native<T>::value>>
  ap_range_ref& operator=(T v) {
    return *this = ap_int_base<ap_shim::width_of<T>::value, ap_shim::is_signed<T>::value>(v);
  }
  template <int W2, bool S2> ap_range_ref& operator=(const ap_range_ref<W2, S2>& v) {
    return *this = v.get();
  }
  ap_range_ref& operator=(const ap_range_ref& v) { return *this = v.get(); }

  ap_int_base<W, false> get() const {
    ap_int_base<W, false> v(0);
    for (int i = 0; i < length_; i += 64) {
      const int n = length_ - i < 64 ? length_ - i : 64;
      v.set_bits(i, n, of_.extended_bits(low_ + i, n));
    }
    return v;
  }
  int length() const { return length_; }
  // n bits from bit i of the range on; 0 past its end.
  uint64_t bits(int i, int n) const {
    const int left = length_ - i;
    return left < 1 ? 0 : of_.extended_bits(low_ + i, left < n ? left : n);
  }
  uint64_t to_uint64() const { return bits(0, 64); }
  unsigned to_uint() const { return static_cast<unsigned>(to_uint64()); }
  int to_int() const { return static_cast<int>(to_uint64()); }
  operator uint64_t() const { return to_uint64(); }

 private:
  ap_int_base<W, S>& of_;
  const int low_, length_;
};

// One bit of a value.
template <int W, bool S> class ap_bit_ref {
 public:
  ap_bit_ref(ap_int_base<W, S>& of, int at) : of_(of), at_(at) {}
  ap_bit_ref(const ap_bit_ref&) = default;
  ap_bit_ref& operator=(bool v) {
    of_.set_bits(at_, 1, v);
    return *this;
  }
  ap_bit_ref& operator=(const ap_bit_ref& v) { return *this = bool(v); }
  bool to_bool() const { return of_.extended_bits(at_, 1) != 0; }
  operator bool() const { return to_bool(); }

 private:
  ap_int_base<W, S>& of_;
  const int at_;
};

// Up to 128 bits: one native integer.
template <int W, bool S, bool Small> class ap_int_value {
 public:
  using value_type = ap_shim::native_t<W, S>;

  uint64_t extended_bits(int low, int n) const {
    const uint64_t v = low < 128 ? static_cast<uint64_t>(wide() >> low) : (S && v_ < 0 ? ~0ull : 0);
    return n < 64 ? v & ((1ull << n) - 1) : v;
  }
  void set_bits(int low, int n, uint64_t bits) {
    using U = typename ap_shim::native<W>::u;
    const ap_shim::uint128 ones = n < 64 ? (1ull << n) - 1 : ~0ull;
    const ap_shim::uint128 mask = ones << low;
    v_ = ap_shim::wrap<W, S>(static_cast<U>((static_cast<ap_shim::uint128>(v_) & ~mask) |
                                           ((static_cast<ap_shim::uint128>(bits) & ones) << low)));
  }

 protected:
  // Sign- or zero-extended; >> of it is arithmetic.
  ap_shim::int128 wide() const { return static_cast<ap_shim::int128>(v_); }
  value_type v_;
};

// More: 64-bit words, the bits past W clear or copies of the sign.
template <int W, bool S> class ap_int_value<W, S, false> {
 public:
  static_assert(W <= AP_INT_MAX_W, "wider than AP_INT_MAX_W: define it before the header");
  uint64_t extended_bits(int low, int n) const {
    uint64_t v = word(low / 64) >> (low % 64);
    if (low % 64 && low % 64 + n > 64) v |= word(low / 64 + 1) << (64 - low % 64);
    return n < 64 ? v & ((1ull << n) - 1) : v;
  }
  void set_bits(int low, int n, uint64_t bits) {
    const uint64_t ones = n < 64 ? (1ull << n) - 1 : ~0ull;
    bits &= ones;
    const int at = low / 64, shift = low % 64;
    words_[at] = (words_[at] & ~(ones << shift)) | (bits << shift);
    if (shift + n > 64)
      words_[at + 1] = (words_[at + 1] & ~(ones >> (64 - shift))) | (bits >> (64 - shift));
    trim();
  }

 protected:
  static constexpr int kWords = (W + 63) / 64;
  uint64_t word(int i) const {
    return i < kWords ? words_[i] : S && (words_[kWords - 1] >> 63) ? ~0ull : 0;
  }
  void trim() {
    const int spare = kWords * 64 - W;
    if (!spare) return;
    uint64_t& top = words_[kWords - 1];
    top <<= spare;
    top = S ? static_cast<uint64_t>(static_cast<int64_t>(top) >> spare) : top >> spare;
  }
  uint64_t words_[kWords];
};

template <int W, bool S> class ap_int_base : public ap_int_value<W, S, (W <= 128)> {
  static_assert(W >= 1, "a value has at least one bit");
  using value_type = ap_shim::native_t<(W <= 128 ? W : 128), S>;

 public:
  static constexpr int width = W;
  static constexpr bool sign_flag = S;

  ap_int_base() = default;
  template <class T, class = std::enable_if_t<ap_shim::is_native<T>::value>> ap_int_base(T v) {
    assign(v);
  }
  template <int W2, bool S2> ap_int_base(const ap_int_base<W2, S2>& v) { assign_ap(v); }
  template <int W2, bool S2> ap_int_base(const ap_range_ref<W2, S2>& r) {
    for (int i = 0; i < W; i += 64) {
      const int n = W - i < 64 ? W - i : 64;
      put(i, n, r.bits(i, n));
    }
  }
  template <int W2, bool S2> ap_int_base(const ap_bit_ref<W2, S2>& b) { assign(b.to_bool()); }

  // Conversions to native integers.
  int64_t to_int64() const { return static_cast<int64_t>(this->extended_bits(0, 64)); }
  uint64_t to_uint64() const { return this->extended_bits(0, 64); }
  int to_int() const { return static_cast<int>(to_int64()); }
  unsigned to_uint() const { return static_cast<unsigned>(to_uint64()); }
  bool to_bool() const { return *this != ap_int_base<1, false>(0); }
  using native = ap_shim::native_t<(W <= 64 ? W : 64), S>;
  operator native() const {
    return static_cast<native>(raw(std::integral_constant<bool, (W <= 64)>()));
  }
  auto value() const { return this->v_; }

  // Bits.
  ap_range_ref<W, S> range(int high, int low) { return {*this, high, low}; }
  ap_range_ref<W, S> range(int high, int low) const {
    return {const_cast<ap_int_base&>(*this), high, low};
  }
  ap_range_ref<W, S> operator()(int high, int low) { return range(high, low); }
  ap_range_ref<W, S> operator()(int high, int low) const { return range(high, low); }
  ap_bit_ref<W, S> operator[](int i) { return {*this, i}; }
  bool operator[](int i) const { return this->extended_bits(i, 1) != 0; }
  bool test(int i) const { return this->extended_bits(i, 1) != 0; }
  static constexpr int length() { return W; }

  // Assignment, plain and combined.
  template <class T> ap_int_base& operator+=(const T& b) { return *this = *this + b; }
  template <class T> ap_int_base& operator-=(const T& b) { return *this = *this - b; }
  template <class T> ap_int_base& operator*=(const T& b) { return *this = *this * b; }
  template <class T> ap_int_base& operator/=(const T& b) { return *this = *this / b; }
  template <class T> ap_int_base& operator%=(const T& b) { return *this = *this % b; }
  // The vendor's warn, every time they run, of an operand of another width: here it is an error.
  template <bool S2> ap_int_base& operator&=(const ap_int_base<W, S2>& b) {
    return *this = *this & b;
  }
  template <bool S2> ap_int_base& operator|=(const ap_int_base<W, S2>& b) {
    return *this = *this | b;
  }
  template <bool S2> ap_int_base& operator^=(const ap_int_base<W, S2>& b) {
    return *this = *this ^ b;
  }
  template <class T> ap_int_base& operator<<=(const T& b) { return *this = *this << b; }
  template <class T> ap_int_base& operator>>=(const T& b) { return *this = *this >> b; }
  ap_int_base& operator++() { return *this += 1; }
  ap_int_base& operator--() { return *this -= 1; }
  ap_int_base operator++(int) { const ap_int_base old = *this; *this += 1; return old; }
  ap_int_base operator--(int) { const ap_int_base old = *this; *this -= 1; return old; }

  // The operators that keep the width, and negation.
  ap_int_base operator~() const { return ap_int_base(static_cast<value_type>(~this->v_)); }
  bool operator!() const { return !to_bool(); }
  ap_int_base<W + 1, true> operator-() const { return ap_int_base<1, false>(0) - *this; }
  ap_int_base operator+() const { return *this; }

  // A shift by a negative amount goes the other way, as the vendor's does.
  ap_int_base shifted_left(int n) const {
    if (n < 0) return shifted_right(-n);
    using U = typename ap_shim::native<W>::u;
    return n >= W ? ap_int_base(0) : ap_int_base(static_cast<U>(static_cast<U>(this->v_) << n));
  }
  ap_int_base shifted_right(int n) const {
    if (n < 0) return shifted_left(-n);
    return ap_int_base(static_cast<value_type>(this->v_ >> (n >= W ? W - 1 : n) >> (n >= W)));
  }

 private:
  template <int, bool> friend class ap_int_base;
  void put(int low, int n, uint64_t bits) {
    if (low == 0) clear(std::integral_constant<bool, (W <= 128)>());
    this->set_bits(low, n, bits);
  }
  void clear(std::true_type) { this->v_ = 0; }
  void clear(std::false_type) {
    for (uint64_t& w : this->words_) w = 0;
  }
  auto raw(std::true_type) const { return this->v_; }
  auto raw(std::false_type) const { return this->extended_bits(0, 64); }

  template <class T> void assign(T v) {
    assign_native(v, std::integral_constant<bool, (W <= 128)>());
  }
  template <class T> void assign_native(T v, std::true_type) { this->v_ = ap_shim::wrap<W, S>(v); }
  template <class T> void assign_native(T v, std::false_type) {
    assign_ap(ap_int_base<ap_shim::width_of<T>::value, ap_shim::is_signed<T>::value>(v));
  }
  template <int W2, bool S2> void assign_ap(const ap_int_base<W2, S2>& v) {
    copy(v, std::integral_constant<bool, (W <= 128 && W2 <= 128)>());
  }
  template <int W2, bool S2> void copy(const ap_int_base<W2, S2>& v, std::true_type) {
    this->v_ = ap_shim::wrap<W, S>(v.value());
  }
  template <int W2, bool S2> void copy(const ap_int_base<W2, S2>& v, std::false_type) {
    for (int i = 0; i < W; i += 64) {
      const int n = W - i < 64 ? W - i : 64;
      put(i, n, v.extended_bits(i, n));
    }
  }
};

template <int W> struct ap_int : ap_int_base<W, true> {
  using ap_int_base<W, true>::ap_int_base;
  ap_int() = default;
  template <int W2, bool S2> ap_int(const ap_int_base<W2, S2>& v) : ap_int_base<W, true>(v) {}
};

template <int W> struct ap_uint : ap_int_base<W, false> {
  using ap_int_base<W, false>::ap_int_base;
  ap_uint() = default;
  template <int W2, bool S2> ap_uint(const ap_int_base<W2, S2>& v) : ap_int_base<W, false>(v) {}
};

// Operators of two ap values. Both operands are taken to the result's native integer first: the
// result is exact there, and wraps only when it is assigned.
#define AP_SHIM_BINARY(op, result)                                                                 \
  template <int W1, bool S1, int W2, bool S2>                                                      \
  inline typename ap_shim::rules<W1, S1, W2, S2>::result operator op(                              \
      const ap_int_base<W1, S1>& a, const ap_int_base<W2, S2>& b) {                                \
    using R = typename ap_shim::rules<W1, S1, W2, S2>::result;                                     \
    using U = typename ap_shim::native<R::width>::u;                                               \
    return R(static_cast<U>(static_cast<U>(a.value()) op static_cast<U>(b.value())));              \
  }
AP_SHIM_BINARY(+, sum)
AP_SHIM_BINARY(-, difference)
AP_SHIM_BINARY(*, product)
AP_SHIM_BINARY(&, logic)
AP_SHIM_BINARY(|, logic)
AP_SHIM_BINARY(^, logic)
#undef AP_SHIM_BINARY

#define AP_SHIM_DIVIDE(op, result)                                                                 \
  template <int W1, bool S1, int W2, bool S2>                                                      \
  inline typename ap_shim::rules<W1, S1, W2, S2>::result operator op(                              \
      const ap_int_base<W1, S1>& a, const ap_int_base<W2, S2>& b) {                                \
    using R = typename ap_shim::rules<W1, S1, W2, S2>::result;                                     \
    using N = ap_shim::native_t<ap_shim::larger(W1, W2) + 1, S1 || S2>;                            \
    return R(static_cast<N>(static_cast<N>(a.value()) op static_cast<N>(b.value())));              \
  }
AP_SHIM_DIVIDE(/, quotient)
AP_SHIM_DIVIDE(%, rest)
#undef AP_SHIM_DIVIDE

template <int W, bool S, int W2, bool S2>
inline ap_int_base<W, S> operator<<(const ap_int_base<W, S>& a, const ap_int_base<W2, S2>& n) {
  return a.shifted_left(n.to_int());
}
template <int W, bool S, int W2, bool S2>
inline ap_int_base<W, S> operator>>(const ap_int_base<W, S>& a, const ap_int_base<W2, S2>& n) {
  return a.shifted_right(n.to_int());
}

// Comparisons are of the numbers, whatever the operands' signs.
#define AP_SHIM_COMPARE(op)                                                                        \
  template <int W1, bool S1, int W2, bool S2>                                                      \
  inline std::enable_if_t<(W1 <= 128 && W2 <= 128), bool> operator op(                             \
      const ap_int_base<W1, S1>& a, const ap_int_base<W2, S2>& b) {                                \
    if (S1 != S2 && ap_shim::larger(W1, W2) == 128) {                                              \
      if (S1 && a.value() < 0) return -1 op 0;                                                     \
      if (S2 && b.value() < 0) return 0 op -1;                                                     \
      return static_cast<ap_shim::uint128>(a.value()) op static_cast<ap_shim::uint128>(b.value()); \
    }                                                                                              \
    constexpr int both = ap_shim::smaller(ap_shim::larger(W1, W2) + (S1 != S2), 128);              \
    using N = ap_shim::native_t<both, S1 || S2>;                                                   \
    return static_cast<N>(a.value()) op static_cast<N>(b.value());                                 \
  }
AP_SHIM_COMPARE(<)
AP_SHIM_COMPARE(<=)
AP_SHIM_COMPARE(>)
AP_SHIM_COMPARE(>=)
AP_SHIM_COMPARE(==)
AP_SHIM_COMPARE(!=)
#undef AP_SHIM_COMPARE

template <int W1, bool S1, int W2, bool S2>
inline std::enable_if_t<(W1 > 128 || W2 > 128), bool> operator==(const ap_int_base<W1, S1>& a,
                                                                 const ap_int_base<W2, S2>& b) {
  for (int i = 0; i <= ap_shim::larger(W1, W2); i += 64)
    if (a.extended_bits(i, 64) != b.extended_bits(i, 64)) return false;
  return true;
}
template <int W1, bool S1, int W2, bool S2>
inline std::enable_if_t<(W1 > 128 || W2 > 128), bool> operator!=(const ap_int_base<W1, S1>& a,
                                                                 const ap_int_base<W2, S2>& b) {
  return !(a == b);
}

// A native integer beside an ap value counts as one of its own width: int as ap_int<32>.
#define AP_SHIM_WITH_NATIVE(op)                                                                    \
  template <int W, bool S, class T, class = std::enable_if_t<ap_shim::is_native<T>::value>>        \
  inline auto operator op(const ap_int_base<W, S>& a, T b) {                                       \
    return a op ap_int_base<ap_shim::width_of<T>::value, ap_shim::is_signed<T>::value>(b);         \
  }                                                                                                \
  template <int W, bool S, class T, class = std::enable_if_t<ap_shim::is_native<T>::value>>        \
  inline auto operator op(T a, const ap_int_base<W, S>& b) {                                       \
    return ap_int_base<ap_shim::width_of<T>::value, ap_shim::is_signed<T>::value>(a) op b;         \
  }
AP_SHIM_WITH_NATIVE(+)
AP_SHIM_WITH_NATIVE(-)
AP_SHIM_WITH_NATIVE(*)
AP_SHIM_WITH_NATIVE(/)
AP_SHIM_WITH_NATIVE(%)
AP_SHIM_WITH_NATIVE(&)
AP_SHIM_WITH_NATIVE(|)
AP_SHIM_WITH_NATIVE(^)
AP_SHIM_WITH_NATIVE(<)
AP_SHIM_WITH_NATIVE(<=)
AP_SHIM_WITH_NATIVE(>)
AP_SHIM_WITH_NATIVE(>=)
AP_SHIM_WITH_NATIVE(==)
AP_SHIM_WITH_NATIVE(!=)
#undef AP_SHIM_WITH_NATIVE

template <int W, bool S, class T, class = std::enable_if_t<ap_shim::is_native<T>::value>>
inline ap_int_base<W, S> operator<<(const ap_int_base<W, S>& a, T n) {
  return a.shifted_left(static_cast<int>(n));
}
template <int W, bool S, class T, class = std::enable_if_t<ap_shim::is_native<T>::value>>
inline ap_int_base<W, S> operator>>(const ap_int_base<W, S>& a, T n) {
  return a.shifted_right(static_cast<int>(n));
}

#endif
