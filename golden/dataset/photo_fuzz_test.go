package dataset

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"vitdse/configs"
)

// Whatever a file holds, it becomes an input of the right size or an error.
func FuzzPhoto(f *testing.F) {
	files, err := filepath.Glob("testdata/photos/*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	m := configs.Model{Name: "m", Image: configs.ImageShape{Height: 8, Width: 8, Channels: 3}}
	f.Fuzz(func(t *testing.T, data []byte) {
		pixels, err := decodePhoto(bytes.NewReader(data), m)
		if err == nil && len(pixels) != m.Image.Pixels() {
			t.Errorf("%d pixels; expected %d", len(pixels), m.Image.Pixels())
		}
	})
}
