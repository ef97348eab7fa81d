package dataset_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitdse/golden/dataset"
)

// npy is one array in numpy's format of the given version.
func npy(version byte, descr, shape string, data ...byte) []byte {
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", descr, shape)
	b := append([]byte("\x93NUMPY"), version, 0)
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(head)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(head)))
	}
	return append(append(b, head...), data...)
}

// npz is an archive of arrays, name and content in turn.
func npz(t testing.TB, entries ...any) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.Create(entries[i].(string))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(entries[i+1].([]byte)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestArrays(t *testing.T) {
	a, err := dataset.Decode("x.npz", npz(t,
		"images.npy", npy(1, "|u1", "2, 1, 2, 3", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
		"gray.npy", npy(2, "|u1", "1, 2, 2", 1, 2, 3, 4),
		"i64.npy", npy(1, "<i8", "2,", 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0),
		"i32.npy", npy(1, "<i4", "1,", 0xff, 0xff, 0xff, 0xff),
		"f32.npy", npy(1, "<f4", "1, 2", 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0)))
	if err != nil {
		t.Fatal(err)
	}
	im, err := a.Images("images")
	if err != nil || im.N != 2 || im.H != 1 || im.W != 2 || im.C != 3 ||
		!slices.Equal(im.At(1), []uint8{7, 8, 9, 10, 11, 12}) {
		t.Errorf("images are %+v, %v", im, err)
	}
	if im, err := a.Images("gray"); err != nil || im.C != 1 || im.Slice(0, 1).N != 1 {
		t.Errorf("gray images are %+v, %v", im, err)
	}
	if l, err := a.Labels("i64"); err != nil || !slices.Equal(l, []int{7, 9}) {
		t.Errorf("labels are %v, %v", l, err)
	}
	if _, err := a.Labels("i32"); err == nil || !strings.Contains(err.Error(), "label 0 is -1") {
		t.Errorf("label -1: error is %v", err)
	}
	if err := a.Require("gray", "train_images", "test_labels"); err == nil ||
		!strings.Contains(err.Error(), "has no array train_images, test_labels; it has ") {
		t.Errorf("missing arrays: error is %v", err)
	}
	if f, err := a.Floats("f32", 2); err != nil || !slices.Equal(f, []float32{1, -2}) {
		t.Errorf("floats are %v, %v", f, err)
	}
	for _, err := range []error{second(a.Images("f32")), second(a.Labels("f32")), second(a.Floats("f32", 3)),
		second(a.Floats("gray", 2))} {
		if err == nil || !strings.Contains(err.Error(), "expected") {
			t.Errorf("an array of another kind: error is %v", err)
		}
	}
	if _, err := a.Images("none"); err == nil || !strings.Contains(err.Error(), "f32, gray, i32, i64, images") {
		t.Errorf("a missing array: error is %v; expected it to list what is there", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestReadArrayRefuses(t *testing.T) {
	fortran := bytes.Replace(npy(1, "|u1", "1,", 0), []byte("False"), []byte("True "), 1)
	for _, v := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "not a numpy array"},
		{"version", npy(3, "|u1", "1,", 0), "version 3"},
		{"truncated header", npy(1, "|u1", "1,")[:20], "truncated"},
		{"fortran order", fortran, "Fortran"},
		{"objects", npy(1, "|O", "1,", 0), `type "|O"`},
		{"big endian", npy(1, ">f4", "1,", 0, 0, 0, 0), `type ">f4"`},
		{"truncated data", npy(1, "|u1", "3,", 0), "truncated"},
		{"longer data", npy(1, "|u1", "1,", 0, 0), "after"},
		{"the most", npy(1, "<f4", "1073741824,", 1), "truncated"}, // 4 GiB
		{"one more", npy(1, "<f4", "1073741825,", 1), "too large"},
		{"huge", npy(1, "<f4", "4611686018427387904, 16"), "too large"},
		{"negative", npy(1, "<f4", "-1,"), "too large"},
		{"no number", npy(1, "<f4", "a,"), "shape"},
		{"promised", npy(1, "|u1", "1000000000,", 1), "truncated"},
	} {
		t.Run(v.name, func(t *testing.T) {
			if _, err := dataset.ReadArray(bytes.NewReader(v.file)); err == nil || !strings.Contains(err.Error(), v.want) {
				t.Errorf("%s: error is %v; expected %q", v.name, err, v.want)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	one := npy(1, "|u1", "1,", 0)
	for name, file := range map[string][]byte{
		"not a zip":  []byte("hello"),
		"other file": npz(t, "readme.txt", []byte("hello")),
		"duplicate":  npz(t, "a.npy", one, "a.npy", one),
		"damaged":    npz(t, "a.npy", []byte("hello")),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := dataset.Decode("x.npz", file); err == nil || !strings.Contains(err.Error(), "x.npz") {
				t.Errorf("%s: error is %v; expected one that names the file", name, err)
			}
		})
	}
}

func TestDigits(t *testing.T) {
	a, err := dataset.Load(filepath.Join("..", "..", "configs", "digits", "digits.npz"))
	if err != nil {
		t.Fatal(err)
	}
	im, err := a.Images("train_images")
	if err != nil || im.N != 1437 || im.H != 8 || im.W != 8 {
		t.Errorf("train_images: %v", err)
	}
	logits, err := a.Floats("test_logits", 10)
	if err != nil || len(logits) != 3600 || math.IsNaN(float64(logits[0])) {
		t.Errorf("test_logits: %d values, %v", len(logits), err)
	}
}

func FuzzReadArray(f *testing.F) {
	f.Add(npy(1, "|u1", "2, 2", 1, 2, 3, 4))
	f.Add(npy(2, "<f4", "1,", 1, 2, 3, 4))
	f.Add(npy(1, "<i8", "0,"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := dataset.ReadArray(bytes.NewReader(b))
		if err == nil && len(a.U8)+len(a.F32)+len(a.I64) > len(b) {
			t.Errorf("%v values from %d bytes", a.Shape, len(b))
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(npz(f, "a.npy", npy(1, "|u1", "1,", 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := dataset.Decode("fuzz", b)
		if err != nil {
			return
		}
		for _, n := range a.Names() {
			a.Images(n)
			a.Labels(n)
			a.Floats(n, 1)
		}
	})
}

// What an archive says of its arrays is enough to refuse it: nothing is unpacked.
func TestDecodeRefusesInflation(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("train_images.npy")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 80 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := dataset.Decode("bomb.npz", b.Bytes()); err == nil ||
		!strings.Contains(err.Error(), "bomb.npz: array train_images: has 83886080 bytes packed into") {
		t.Errorf("error %v; expected what the archive says", err)
	}
}
