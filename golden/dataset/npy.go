package dataset

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Array is one numpy array in C order. Exactly one of the value slices is set.
type Array struct {
	Shape []int
	U8    []uint8
	I64   []int64 // of int8, int32 and int64 arrays
	F32   []float32
}

// Limits against damaged or hostile headers.
const (
	maxHeader = 1 << 16 // bytes of an array's header
	maxBytes  = 4 << 30 // bytes of an array's data
	chunk     = 1 << 20 // bytes read at a time, so that memory follows the data that is there
)

// ReadArray reads one .npy file: versions 1 and 2, C order, u8, i8, i32, i64 or f32.
func ReadArray(r io.Reader) (*Array, error) {
	br := bufio.NewReader(r)
	head, err := readHeader(br)
	if err != nil {
		return nil, err
	}
	descr, shape, err := parseHeader(head)
	if err != nil {
		return nil, err
	}
	width, ok := typeBytes[descr]
	if !ok {
		return nil, fmt.Errorf("array is of type %q; expected |u1, |i1, <i4, <i8 or <f4", descr)
	}
	size := uint64(width)
	for _, d := range shape {
		if d < 0 || d > 0 && size > maxBytes/uint64(d) {
			return nil, fmt.Errorf("array of shape %v is too large", shape)
		}
		size *= uint64(d)
	}
	data, err := readAll(br, int(size))
	if err != nil {
		return nil, fmt.Errorf("array of shape %v: %w", shape, err)
	}
	a := &Array{Shape: shape}
	a.decode(descr, data)
	return a, nil
}

var typeBytes = map[string]int{"|u1": 1, "|i1": 1, "<i4": 4, "<i8": 8, "<f4": 4}

// readHeader returns the Python dictionary in front of the data.
func readHeader(r io.Reader) (string, error) {
	var pre [8]byte
	if _, err := io.ReadFull(r, pre[:]); err != nil || string(pre[:6]) != "\x93NUMPY" {
		return "", errors.New("not a numpy array: it does not start with \\x93NUMPY")
	}
	var length uint32
	var err error
	switch pre[6] {
	case 1:
		var l uint16
		err = binary.Read(r, binary.LittleEndian, &l)
		length = uint32(l)
	case 2:
		err = binary.Read(r, binary.LittleEndian, &length)
	default:
		return "", fmt.Errorf("numpy format version %d; expected 1 or 2", pre[6])
	}
	if err != nil || length > maxHeader {
		return "", fmt.Errorf("numpy header of %d bytes: truncated or damaged", length)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return "", errors.New("numpy header is truncated")
	}
	return string(text), nil
}

var (
	descrKey = regexp.MustCompile(`'descr': *'([^']*)'`)
	orderKey = regexp.MustCompile(`'fortran_order': *(True|False)`)
	shapeKey = regexp.MustCompile(`'shape': *\(([^)]*)\)`)
)

// parseHeader reads the three keys of numpy's header dictionary.
func parseHeader(text string) (descr string, shape []int, err error) {
	d, o, s := descrKey.FindStringSubmatch(text), orderKey.FindStringSubmatch(text), shapeKey.FindStringSubmatch(text)
	if d == nil || o == nil || s == nil {
		return "", nil, errors.New("numpy header lacks a plain descr, fortran_order or shape")
	}
	if o[1] == "True" {
		return "", nil, errors.New("array is in Fortran order; save it with numpy.ascontiguousarray")
	}
	for _, f := range strings.Split(s[1], ",") {
		if f = strings.TrimSpace(f); f == "" {
			continue
		}
		n, err := strconv.Atoi(f)
		if err != nil {
			return "", nil, fmt.Errorf("numpy header: shape (%s): %w", s[1], err)
		}
		shape = append(shape, n)
	}
	return d[1], shape, nil
}

// readAll reads exactly size bytes and nothing after them may follow.
func readAll(r io.Reader, size int) ([]byte, error) {
	data := make([]byte, 0, min(size, chunk))
	for len(data) < size {
		if len(data) == cap(data) { // twice as much: what is there says that more may be
			data = append(make([]byte, 0, min(size, 2*cap(data))), data...)
		}
		at := len(data)
		data = data[:min(size, cap(data))]
		if _, err := io.ReadFull(r, data[at:]); err != nil {
			return nil, fmt.Errorf("data ends before %d bytes: truncated", size)
		}
	}
	var more [1]byte
	if n, _ := r.Read(more[:]); n > 0 {
		return nil, fmt.Errorf("has data after its %d bytes", size)
	}
	return data, nil
}

// decode fills the value slice for the array's type.
func (a *Array) decode(descr string, b []byte) {
	le := binary.LittleEndian
	switch descr {
	case "|u1":
		a.U8 = b
		if b == nil {
			a.U8 = []uint8{}
		}
	case "<f4":
		a.F32 = make([]float32, len(b)/4)
		for i := range a.F32 {
			a.F32[i] = math.Float32frombits(le.Uint32(b[4*i:]))
		}
	default:
		w := typeBytes[descr]
		a.I64 = make([]int64, len(b)/w)
		for i := range a.I64 {
			switch w {
			case 1:
				a.I64[i] = int64(int8(b[i]))
			case 4:
				a.I64[i] = int64(int32(le.Uint32(b[4*i:])))
			default:
				a.I64[i] = int64(le.Uint64(b[8*i:]))
			}
		}
	}
}
