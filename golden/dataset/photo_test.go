package dataset_test

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/dataset"
)

// Every photograph of testdata gives the pixels that PIL makes of it, but for a little
// where JPEG decoders differ.
func TestPhotosEqualPIL(t *testing.T) {
	want, err := dataset.Load("testdata/photos.npz")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := dataset.OpenFolder("testdata/photos", "", configs.Model{})
	if err != nil {
		t.Fatal(err)
	}
	if folder.Count() != 8 || folder.Labels != nil {
		t.Fatalf("%d images with labels %v; expected 8 without", folder.Count(), folder.Labels)
	}
	for i, file := range folder.Files {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		e, err := want.Images(name)
		if err != nil {
			t.Fatal(err)
		}
		how, err := want.Labels(name + "_how")
		if err != nil {
			t.Fatal(err)
		}
		m := configs.Model{Image: configs.ImageShape{Height: how[1], Width: how[1], Channels: e.C},
			CropPct: float64(how[1]) / (float64(how[0]) + 0.5), Interpolation: configs.Bilinear}
		if how[2] == 1 {
			m.Interpolation = configs.Bicubic
		}
		one, err := dataset.OpenFolder("testdata/photos", "", m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := one.Read(i)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(e.Pixels) {
			t.Fatalf("%s: %d pixels; expected %d", name, len(got), len(e.Pixels))
		}
		limit := 1
		if strings.HasSuffix(file, "jpg") {
			limit = 3
		}
		worst, off := apart(got, e.Pixels)
		t.Logf("%s: worst %d, %d of %d off", name, worst, off, len(got))
		if worst > limit || off > len(got)/3*limit {
			t.Errorf("%s: pixels differ by up to %d, %d in all of %d; expected at most %d", name, worst, off, len(got), limit)
		}
	}
}

// apart is by how much values of as many differ at most, and in all.
func apart(got, want []uint8) (worst, off int) {
	for i, p := range got {
		d := max(int(p)-int(want[i]), int(want[i])-int(p))
		worst, off = max(worst, d), off+d
	}
	return worst, off
}

// writePNG makes a small image file.
func writePNG(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	im := image.NewGray(image.Rect(0, 0, 4, 4))
	im.SetGray(1, 1, color.Gray{200})
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, im); err != nil {
		t.Fatal(err)
	}
}

// Labels are the numbers of subfolders, their order, or a file's.
func TestFolderLabels(t *testing.T) {
	m := configs.Model{Name: "three", Classes: 3, Image: configs.ImageShape{Height: 4, Width: 4, Channels: 1}, CropPct: 1}
	write := func(t *testing.T, paths ...string) string {
		dir := t.TempDir()
		for _, p := range paths {
			writePNG(t, filepath.Join(dir, p))
		}
		return dir
	}
	for _, c := range []struct {
		name   string
		files  []string
		labels string // content of a file of labels
		want   []int
		says   string // part of the error
	}{
		{name: "numbers", files: []string{"2/a.png", "0/b.PNG", "2/c.png"}, want: []int{0, 2, 2}},
		{name: "names", files: []string{"owl/a.png", "cat/b.png", "fox/c.png"}, want: []int{0, 1, 2}},
		{name: "none", files: []string{"a.png", "b.png"}},
		{name: "file", files: []string{"a.png", "x/b.png"}, labels: "x/b.png 1\n\na.png,2\n", want: []int{2, 1}},
		{name: "header", files: []string{"a.png", "x/b.png"}, labels: "\ufefffile name,label\r\nx/b.png,1\r\na.png,2\r\n",
			want: []int{2, 1}},
		{name: "header of spaces", files: []string{"a.png"}, labels: "\npath class\na.png 2\n", want: []int{2}},
		{name: "header further down", files: []string{"a.png"}, labels: "a.png 2\npath class\n", says: `:2: "path class"`},
		{name: "too few names", files: []string{"owl/a.png", "cat/b.png"},
			says: "has 2 subfolders, cat among them; expected 3, one for each class of three"},
		{name: "class too large", files: []string{"3/a.png", "0/b.png"},
			says: "subfolder 3: expected a class of three, 0..2"},
		{name: "mixed", files: []string{"a.png", "0/b.png"}, says: "some images are in subfolders and some are not"},
		{name: "line without class", files: []string{"a.png"}, labels: "a.png x\n",
			says: `:1: "a.png x"; expected a path and a class of three, 0..2`},
		{name: "line of no image", files: []string{"a.png"}, labels: "a.png 0\nz.png 1\n",
			says: `:2: there is no image "z.png"`},
		{name: "image without line", files: []string{"a.png", "b.png"}, labels: "a.png 0\n", says: "has no line for"},
		{name: "empty", says: "no file ends in .png, .jpg, .jpeg"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, labels := write(t, c.files...), ""
			if c.labels != "" {
				labels = filepath.Join(t.TempDir(), "labels.txt")
				if err := os.WriteFile(labels, []byte(c.labels), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			f, err := dataset.OpenFolder(dir, labels, m)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("error is %v; expected %q in it", err, c.says)
				}
				return
			}
			if err != nil || !slices.Equal(f.Labels, c.want) {
				t.Fatalf("labels are %v, %v; expected %v", f.Labels, err, c.want)
			}
			pixels, err := f.Read(0)
			if err != nil || len(pixels) != 16 || pixels[5] != 200 {
				t.Errorf("pixels are %v, %v; expected 200 at 5", pixels, err)
			}
		})
	}
}

// A file that is no image, and one that claims more pixels than any photograph has, are
// refused with their names.
func TestBadPhotos(t *testing.T) {
	m := configs.Model{Name: "m", Classes: 1, Image: configs.ImageShape{Height: 4, Width: 4, Channels: 3}}
	const header = "IHDR\x00\x00\xff\xff\x00\x00\xff\xff\x08\x02\x00\x00\x00"
	huge := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"+header),
		crc32.ChecksumIEEE([]byte(header)))
	for _, c := range []struct {
		name    string
		content []byte
		says    string
	}{
		{"text.png", []byte("no image"), "expected a PNG or JPEG file"}, {"empty.jpg", nil, "expected a PNG or JPEG file"},
		{"huge.png", huge, "is 65535 x 65535 pixels; expected at most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, c.name), c.content, 0o644); err != nil {
				t.Fatal(err)
			}
			f, err := dataset.OpenFolder(dir, "", m)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Read(0); err == nil || !strings.Contains(err.Error(), c.name) ||
				!strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: error is %v; expected its name and %q", c.name, err, c.says)
			}
		})
	}
}

// Images of formats that are not read are listed, not passed over in silence.
func TestFolderNamesWhatItLeavesOut(t *testing.T) {
	dir := t.TempDir()
	writePNG(t, filepath.Join(dir, "a.png"))
	for _, name := range []string{"b.webp", "notes.txt", "c.TIFF"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := configs.Model{Classes: 3}
	f, err := dataset.OpenFolder(dir, "", m)
	if err != nil || len(f.Files) != 1 || !slices.Equal(f.Left,
		[]string{filepath.Join(dir, "b.webp"), filepath.Join(dir, "c.TIFF")}) {
		t.Errorf("%+v, %v", f, err)
	}
	if err := os.Remove(filepath.Join(dir, "a.png")); err != nil {
		t.Fatal(err)
	}
	if _, err := dataset.OpenFolder(dir, "", m); err == nil ||
		!strings.Contains(err.Error(), "b.webp and 1 more are of other formats: convert them to PNG") {
		t.Errorf("error is %v", err)
	}
}

// A folder of photographs is a dataset: its folders train and val, or every second image for each; of many some, evenly
// spread. What is no dataset is refused with what is missing.
func TestSplit(t *testing.T) {
	m := configs.Model{Name: "m", Classes: 2, Image: configs.ImageShape{Height: 4, Width: 4, Channels: 3}}
	write := func(dir string, names ...string) string {
		t.Helper()
		for i, name := range names {
			img := image.NewGray(image.Rect(0, 0, 8, 8))
			for p := range img.Pix {
				img.Pix[p] = uint8(10 * i)
			}
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	labels := func(dir, text string) string {
		if err := os.WriteFile(filepath.Join(dir, "labels.csv"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	flat := write(t.TempDir(), "a.png", "b.png", "c.png", "d.png", "e.png")
	for name, c := range map[string]struct {
		dir         string
		train, test []uint8 // first pixel of each image
		labels      []int
		says        string
	}{
		"class folders": {dir: write(t.TempDir(), "cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png"), train: []uint8{10, 30},
			test: []uint8{0, 20}, labels: []int{0, 0}},
		"two parts": {dir: write(t.TempDir(), "train/x.png", "train/y.png", "val/0/a.png", "val/1/b.png"),
			train: []uint8{0, 10}, test: []uint8{20, 30}, labels: []int{0, 1}},
		"no labels": {dir: flat, train: []uint8{10, 30}, test: []uint8{0, 20, 40}},
		"label file": {dir: labels(write(t.TempDir(), "a.png", "b.png", "c.png"), "path,class\na.png,1\nb.png,0\nc.png,0\n"),
			train: []uint8{10}, test: []uint8{0, 20}, labels: []int{1, 0}},
		"one part": {dir: write(t.TempDir(), "test/a.png"), says: "no folder train beside it"},
		"train alone": {dir: write(t.TempDir(), "train/a.png"),
			says: "none of test images; expected test, val or validation"},
		"two tests": {dir: write(t.TempDir(), "train/a.png", "test/a.png", "val/a.png"),
			says: "expected one folder of test images"},
		"one image": {dir: write(t.TempDir(), "a.png"), says: "has one image"},
		"none":      {dir: t.TempDir(), says: "no file ends in .png"},
		"bad label": {dir: labels(write(t.TempDir(), "a.png", "b.png"), "a.png,7\n"), says: "labels.csv:1"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := dataset.OpenSplit(c.dir, m)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: error is %v; expected it to say %q", name, err, c.says)
				}
				return
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			for part, f := range map[string]*dataset.Folder{"train": s.Train, "test": s.Test} {
				want := c.train
				if part == "test" {
					want = c.test
				}
				done := 0
				images, err := f.Load(context.Background(), 2, func(n, _ int) { done = n })
				if err != nil || images.N != len(want) || done != len(want) {
					t.Errorf("%s: %s has %d images, %d read, %v; expected %d", name, part, images.N, done, err, len(want))
					continue
				}
				for i, v := range want {
					if got := images.At(i)[0]; got != v {
						t.Errorf("%s: image %d of %s is %d; expected %d", name, i, part, got, v)
					}
				}
			}
			if !slices.Equal(s.Test.Labels, c.labels) {
				t.Errorf("%s: labels %v; expected %v", name, s.Test.Labels, c.labels)
			}
		})
	}
	s, err := dataset.OpenSplit(flat, m)
	if err != nil {
		t.Fatal(err)
	}
	if some := s.Test.Spread(2); len(some.Files) != 2 || some.Files[1] != s.Test.Files[1] {
		t.Errorf("two of %v are %v", s.Test.Files, some.Files)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Test.Load(ctx, 2, func(int, int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled read gives %v", err)
	}
}

// Colours that have fewer pixels than the luminance are those that PIL reads, at every edge; what differs are the
// decoders' inverse cosine transforms, which round in other places.
func TestColoursEqualPIL(t *testing.T) {
	want, err := dataset.Load("testdata/colours.npz")
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range want.Names() {
		e, err := want.Images(size)
		if err != nil {
			t.Fatal(err)
		}
		as := configs.Model{Image: configs.ImageShape{Height: e.H, Width: e.W, Channels: 3}, CropPct: 1,
			CropMode: configs.CropSquash, Interpolation: configs.Bilinear}
		folder, err := dataset.OpenFolder("testdata/colours/"+size, "", as)
		if err != nil || folder.Count() != e.N {
			t.Fatal(err, folder.Count(), e.N)
		}
		for i, file := range folder.Files {
			t.Run(size+" "+filepath.Base(file), func(t *testing.T) {
				got, err := folder.Read(i)
				if err != nil {
					t.Fatal(err)
				}
				worst, off := apart(got, e.At(i))
				t.Logf("worst %d, %d in all of %d", worst, off, len(got))
				if worst > 3 || off > len(got)/8 {
					t.Errorf("values differ by up to %d, %d in all of %d", worst, off, len(got))
				}
			})
		}
	}
}
