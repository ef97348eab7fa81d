// Package dataset reads images, labels and reference logits from numpy files
// (.npz, as numpy.savez and numpy.savez_compressed write them).
package dataset

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"sort"
	"strings"

	"vitdse/configs"
)

// Archive is the content of one .npz file.
type Archive struct {
	path   string
	arrays map[string]*Array
}

// Images are N images of H x W pixels with C interleaved channels, one byte each.
type Images struct {
	N, H, W, C int
	Pixels     []uint8 // N x H x W x C
}

// At returns the pixels of image i.
func (m *Images) At(i int) []uint8 {
	n := m.H * m.W * m.C
	return m.Pixels[i*n : (i+1)*n]
}

// Count is the number of images.
func (m *Images) Count() int { return m.N }

// Read returns the pixels of image i, as At does.
func (m *Images) Read(i int) ([]uint8, error) { return m.At(i), nil }

// Slice returns images [from, to) without copying.
func (m *Images) Slice(from, to int) *Images {
	n := m.H * m.W * m.C
	return &Images{N: to - from, H: m.H, W: m.W, C: m.C, Pixels: m.Pixels[from*n : to*n]}
}

// Load reads every array of a .npz file.
func Load(path string) (*Archive, error) {
	file, err := configs.ReadRegular(path, maxBytes)
	if err != nil {
		return nil, fmt.Errorf("reading the dataset: %w", err)
	}
	return Decode(path, file)
}

// Decode reads a .npz file from memory. The name appears in errors.
func Decode(name string, file []byte) (*Archive, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("dataset %s: %w; expected a file that numpy.savez wrote", name, err)
	}
	a := &Archive{path: name, arrays: map[string]*Array{}}
	left := uint64(maxBytes) // of all arrays together
	for _, f := range z.File {
		key, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok || a.arrays[key] != nil {
			return nil, fmt.Errorf("dataset %s: entry %s: expected one .npy file of each name", name, f.Name)
		}
		if err := plausible(f, left); err != nil {
			return nil, fmt.Errorf("dataset %s: array %s: %w", name, key, err)
		}
		left -= f.UncompressedSize64
		if a.arrays[key], err = readEntry(f); err != nil {
			return nil, fmt.Errorf("dataset %s: array %s: %w", name, key, err)
		}
	}
	return a, nil
}

// What no array of images, labels or logits does: inflate so far, where it is not small.
const (
	maxInflation  = 500
	smallInflated = 64 << 20
)

// plausible refuses an entry by what the archive says of it, before any of it is unpacked.
func plausible(f *zip.File, left uint64) error {
	switch size := f.UncompressedSize64; {
	case size > left:
		return fmt.Errorf("has %d bytes; all arrays of a dataset may have %d together", size, int64(maxBytes))
	case size > smallInflated && size/maxInflation > f.CompressedSize64:
		return fmt.Errorf("has %d bytes packed into %d, more than %d times as many; save real data with numpy.savez",
			size, f.CompressedSize64, maxInflation)
	}
	return nil
}

// readEntry unpacks one array of the zip archive.
func readEntry(f *zip.File) (*Array, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return ReadArray(io.LimitReader(r, maxBytes+maxHeader))
}

// Names lists the arrays in alphabetical order.
func (a *Archive) Names() []string {
	var names []string
	for n := range a.arrays {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func (a *Archive) array(name string) (*Array, error) {
	v, ok := a.arrays[name]
	if !ok {
		return nil, fmt.Errorf("dataset %s: has no array %s; it has %s", a.path, name, strings.Join(a.Names(), ", "))
	}
	return v, nil
}

// Require says which of the arrays are missing, all in one error.
func (a *Archive) Require(names ...string) error {
	var missing []string
	for _, n := range names {
		if a.arrays[n] == nil {
			missing = append(missing, n)
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("dataset %s: has no array %s; it has %s (docs/CHECKPOINTS.md lists the arrays of a dataset)",
		a.path, strings.Join(missing, ", "), strings.Join(a.Names(), ", "))
}

// Images returns a u8 array of shape [N, H, W] or [N, H, W, C] as images.
func (a *Archive) Images(name string) (*Images, error) {
	v, err := a.array(name)
	if err != nil {
		return nil, err
	}
	if v.U8 == nil || len(v.Shape) != 3 && len(v.Shape) != 4 {
		return nil, fmt.Errorf("dataset %s: array %s has shape %v; expected u8 [N, H, W] or [N, H, W, C]",
			a.path, name, v.Shape)
	}
	m := &Images{N: v.Shape[0], H: v.Shape[1], W: v.Shape[2], C: 1, Pixels: v.U8}
	if len(v.Shape) == 4 {
		m.C = v.Shape[3]
	}
	return m, nil
}

// Labels returns an integer array of shape [N] as class indices.
func (a *Archive) Labels(name string) ([]int, error) {
	v, err := a.array(name)
	if err != nil {
		return nil, err
	}
	if len(v.Shape) != 1 || v.F32 != nil {
		return nil, fmt.Errorf("dataset %s: array %s has shape %v; expected integers [N]", a.path, name, v.Shape)
	}
	labels := make([]int, v.Shape[0])
	for i := range labels {
		if v.U8 != nil {
			labels[i] = int(v.U8[i])
			continue
		}
		if labels[i] = int(v.I64[i]); labels[i] < 0 || labels[i] > math.MaxInt32 {
			return nil, fmt.Errorf("dataset %s: array %s: label %d is %d; expected a class index", a.path, name, i, v.I64[i])
		}
	}
	return labels, nil
}

// Floats returns an f32 array of shape [N, cols], row-major.
func (a *Archive) Floats(name string, cols int) ([]float32, error) {
	v, err := a.array(name)
	if err != nil {
		return nil, err
	}
	if v.F32 == nil || len(v.Shape) != 2 || v.Shape[1] != cols {
		return nil, fmt.Errorf("dataset %s: array %s has shape %v; expected f32 [N, %d]", a.path, name, v.Shape, cols)
	}
	return v.F32, nil
}
