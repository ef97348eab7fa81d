package intnet

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"vitdse/configs"
)

// Schema is the version of the npz form. It changes when a name or a meaning does.
const Schema = 2

// header is the member network.json: what is no array.
type header struct {
	Schema   int              `json:"schema"`
	Hash     string           `json:"hash,omitempty"` // of the design, where the file is part of one
	Model    configs.Model    `json:"model"`
	Numerics configs.Numerics `json:"numerics"`
}

const headerName = "network.json"

// EncodeNPZ writes the network as numpy's npz. Every field of Network has an array of its own, named
// by its way from there in lower case: blocks.0.q.w is the codes of the weights of block 0's q, Out x In. A
// number is an array without dimensions; what a network has not (a pool, groups) has no array. Model and
// numerics are in the member network.json. Same network, same bytes.
func (n *Network) EncodeNPZ(w io.Writer, hash string) error {
	z := zip.NewWriter(w)
	text, err := json.MarshalIndent(header{Schema, hash, n.Model, n.Numerics}, "", "  ")
	if err != nil {
		return err
	}
	put := func(name string, method uint16, data []byte) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err == nil {
			_, err = f.Write(data)
		}
		return err
	}
	// First and as it is, so that the hash can be read without unpacking.
	if err := put(headerName, zip.Store, append(text, '\n')); err != nil {
		return err
	}
	err = visit(reflect.ValueOf(n).Elem(), "", func(name string, shape []int, v reflect.Value) error {
		return put(name+".npy", zip.Deflate, npy(shape, v))
	})
	if err != nil {
		return err
	}
	return z.Close()
}

// visit walks the leaves of a network in the order of their declaration.
func visit(v reflect.Value, path string, leaf func(name string, shape []int, v reflect.Value) error) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return visit(v.Elem(), path, leaf)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if path == "" && (f.Name == "Model" || f.Name == "Numerics") {
				continue
			}
			at := dot(path, snake(f.Name))
			if dims := matrix(v.Interface(), f.Name); dims != nil && v.Field(i).Len() == dims[0]*dims[1] {
				if err := leaf(at, dims, v.Field(i)); err != nil {
					return err
				}
				continue
			}
			if err := visit(v.Field(i), at, leaf); err != nil {
				return err
			}
		}
		return nil
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		if v.Type().Elem().Kind() == reflect.Struct {
			for i := range v.Len() {
				if err := visit(v.Index(i), dot(path, strconv.Itoa(i)), leaf); err != nil {
					return err
				}
			}
			return nil
		}
		return leaf(path, []int{v.Len()}, v)
	default:
		return leaf(path, nil, v)
	}
}

// Difference names the first array in which two networks differ, or model or numerics; "" if they are equal.
func (n *Network) Difference(other *Network) string {
	arrays := func(n *Network) (names []string, of map[string][]byte) {
		of = map[string][]byte{}
		_ = visit(reflect.ValueOf(n).Elem(), "", func(name string, shape []int, v reflect.Value) error {
			names, of[name] = append(names, name), npy(shape, v)
			return nil
		})
		return names, of
	}
	names, have := arrays(n)
	others, want := arrays(other)
	for _, name := range append(names, others...) {
		if a, b := have[name], want[name]; !bytes.Equal(a, b) {
			return name
		}
	}
	for _, h := range []struct {
		name string
		a, b any
	}{{"model", n.Model, other.Model}, {"numerics", n.Numerics, other.Numerics}} {
		a, _ := json.Marshal(h.a)
		if b, _ := json.Marshal(h.b); !bytes.Equal(a, b) {
			return h.name
		}
	}
	return ""
}

// matrix is the rows and columns of a field that is one, nil for others.
func matrix(parent any, field string) []int {
	switch p := parent.(type) {
	case Linear:
		switch {
		case p.Out == 0: // none: of attention pooling's q
		case field == "W":
			return []int{p.Out, p.In}
		case field == "GroupM" && p.Group > 0:
			return []int{p.Out, p.In / p.Group}
		}
	case Network:
		if field == "Pos" && p.Model.Dim > 0 {
			return []int{len(p.Pos) / p.Model.Dim, p.Model.Dim}
		}
	}
	return nil
}

func dot(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

var capitals = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// snake is a field's name in lower case: GroupM is group_m, FC1 fc1.
func snake(name string) string {
	return strings.ToLower(capitals.ReplaceAllString(name, "${1}_$2"))
}

// types are numpy's names of the elements.
var types = map[reflect.Kind]string{
	reflect.Int8: "|i1", reflect.Uint8: "|u1", reflect.Int16: "<i2", reflect.Uint16: "<u2", reflect.Int32: "<i4",
	reflect.Uint32: "<u4", reflect.Int64: "<i8", reflect.Int: "<i8", reflect.Uint: "<u8", reflect.Float64: "<f8",
	reflect.Bool: "|b1",
}

// npy is an array in numpy's format, version 1.
func npy(shape []int, v reflect.Value) []byte {
	element := v.Kind()
	if shape != nil {
		element = v.Type().Elem().Kind()
	}
	var data bytes.Buffer
	descr := types[element]
	switch x := v.Interface().(type) {
	case string: // code points of 4 bytes
		runes := []rune(x)
		descr = fmt.Sprintf("<U%d", max(1, len(runes)))
		binary.Write(&data, binary.LittleEndian, append(runes, make([]rune, max(0, 1-len(runes)))...))
	case int:
		binary.Write(&data, binary.LittleEndian, int64(x))
	case uint:
		binary.Write(&data, binary.LittleEndian, uint64(x))
	default:
		binary.Write(&data, binary.LittleEndian, x)
	}
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.Itoa(d) + ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, strings.Join(dims, " "))
	text += strings.Repeat(" ", (64-(10+len(text)+1)%64)%64) + "\n"
	var out bytes.Buffer
	out.WriteString("\x93NUMPY\x01\x00")
	binary.Write(&out, binary.LittleEndian, uint16(len(text)))
	out.WriteString(text)
	out.Write(data.Bytes())
	return out.Bytes()
}

// MaxNPZ is more than any network here has: bytes of a file, and of all its arrays together.
const MaxNPZ = 4 << 30

// DecodeNPZ reads what EncodeNPZ wrote, and the hash that was given to it. The network may be any that the
// form can say; exec.Prepare checks that it is whole.
func DecodeNPZ(name string, file []byte) (*Network, string, error) {
	fail := func(format string, args ...any) (*Network, string, error) {
		return nil, "", fmt.Errorf("%s: "+format, append([]any{name}, args...)...)
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return fail("expected an npz of an integer network: %w", err)
	}
	var total uint64
	arrays := map[string]*zip.File{}
	for _, f := range z.File {
		if total += f.UncompressedSize64; total > MaxNPZ {
			return fail("its arrays have more than %d bytes", MaxNPZ)
		}
		if _, twice := arrays[f.Name]; twice {
			return fail("%s is there twice", f.Name)
		}
		arrays[f.Name] = f
	}
	text, err := member(arrays, headerName)
	if err != nil {
		return fail("%s: %w; expected the integer network of vitdse export", headerName, err)
	}
	var h header
	if err := json.Unmarshal(text, &h); err != nil {
		return fail("%s: %w", headerName, err)
	}
	if h.Schema != Schema {
		return fail("%s: schema %d; this version reads %d", headerName, h.Schema, Schema)
	}
	delete(arrays, headerName)
	n := &Network{Model: h.Model, Numerics: h.Numerics}
	if err := fill(reflect.ValueOf(n).Elem(), "", arrays); err != nil {
		return fail("%w", err)
	}
	if len(arrays) > 0 {
		return fail("%s is no part of an integer network", slices.Min(slices.Collect(keysOf(arrays))))
	}
	return n, h.Hash, nil
}

func keysOf(m map[string]*zip.File) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func member(arrays map[string]*zip.File, name string) ([]byte, error) {
	f := arrays[name]
	if f == nil {
		return nil, fmt.Errorf("missing")
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)))
}

// fill sets the fields from the arrays, and takes these away.
func fill(v reflect.Value, path string, arrays map[string]*zip.File) error {
	switch v.Kind() {
	case reflect.Pointer:
		if !below(arrays, path) {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), path, arrays)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if path == "" && (f.Name == "Model" || f.Name == "Numerics") {
				continue
			}
			if err := fill(v.Field(i), dot(path, snake(f.Name)), arrays); err != nil {
				return err
			}
		}
		return nil
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			for i := 0; below(arrays, dot(path, strconv.Itoa(i))); i++ {
				v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
				if err := fill(v.Index(i), dot(path, strconv.Itoa(i)), arrays); err != nil {
					return err
				}
			}
			return nil
		}
		if arrays[path+".npy"] == nil {
			return nil
		}
	}
	data, err := member(arrays, path+".npy")
	if err == nil {
		err = parse(data, v)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	delete(arrays, path+".npy")
	return nil
}

// below says whether there is an array whose name starts with a path.
func below(arrays map[string]*zip.File, path string) bool {
	for name := range arrays {
		if strings.HasPrefix(name, path+".") {
			return true
		}
	}
	return false
}

var npyHeader = regexp.MustCompile(`^\{'descr': '([^']*)', 'fortran_order': (True|False), ` +
	`'shape': \(([\d, ]*)\), \}\s*$`)

// parse sets a field from an array of its own type.
func parse(data []byte, v reflect.Value) error {
	if len(data) < 10 || string(data[:8]) != "\x93NUMPY\x01\x00" {
		return fmt.Errorf("expected an npy of version 1")
	}
	size := int(binary.LittleEndian.Uint16(data[8:]))
	if len(data) < 10+size {
		return fmt.Errorf("the header has %d bytes, the array %d", size, len(data))
	}
	m := npyHeader.FindStringSubmatch(string(data[10 : 10+size]))
	if m == nil || m[2] == "True" {
		return fmt.Errorf("expected a header of numpy, in C order")
	}
	data = data[10+size:]
	count := 1
	for _, d := range strings.FieldsFunc(m[3], func(r rune) bool { return !unicode.IsDigit(r) }) {
		k, err := strconv.Atoi(d)
		if err != nil || k > math.MaxInt32 || count > math.MaxInt32/max(1, k) {
			return fmt.Errorf("shape (%s) is too large", m[3])
		}
		count *= k
	}
	if v.Kind() == reflect.String {
		return parseString(m[1], data, v)
	}
	element := v.Type()
	if v.Kind() == reflect.Slice {
		element = element.Elem()
	}
	if want := types[element.Kind()]; m[1] != want {
		return fmt.Errorf("elements are of type %q; expected %q", m[1], want)
	}
	width := int(element.Size())
	if len(data) != count*width {
		return fmt.Errorf("%d bytes for shape (%s); expected %d", len(data), m[3], count*width)
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), count, count))
		_, err := binary.Decode(data, binary.LittleEndian, v.Interface())
		return err
	}
	if count != 1 {
		return fmt.Errorf("shape (%s); expected one number", m[3])
	}
	switch v.Kind() {
	case reflect.Int:
		v.SetInt(int64(binary.LittleEndian.Uint64(data)))
		return nil
	case reflect.Uint:
		v.SetUint(binary.LittleEndian.Uint64(data))
		return nil
	}
	_, err := binary.Decode(data, binary.LittleEndian, v.Addr().Interface())
	return err
}

func parseString(descr string, data []byte, v reflect.Value) error {
	if !strings.HasPrefix(descr, "<U") || len(data)%4 != 0 {
		return fmt.Errorf("elements are of type %q; expected a text", descr)
	}
	var b strings.Builder
	for ; len(data) > 0; data = data[4:] {
		if r := rune(binary.LittleEndian.Uint32(data)); r != 0 {
			b.WriteRune(r)
		}
	}
	v.SetString(b.String())
	return nil
}
