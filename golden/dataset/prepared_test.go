package dataset_test

import (
	"fmt"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/dataset"
)

// Photographs become what timm and transformers make of them: of any shape, resized with and without their aspect
// ratio, cut out with the libraries' own rounding. Of a PNG no pixel differs by more than 1; of a JPEG the
// decoders differ, whose inverse cosine transforms round in other places.
func TestPreparedAsByTheLibraries(t *testing.T) {
	want, err := dataset.Load("testdata/prepared.npz")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range want.Names() {
		var library, mode, filter string
		var h, w, resized int
		text := strings.ReplaceAll(strings.ReplaceAll(name, "_", " "), "x", " ")
		if _, err := fmt.Sscan(text, &library, &h, &w, &mode, &resized, &filter); err != nil {
			t.Fatal(name, err)
		}
		m := configs.Model{Image: configs.ImageShape{Height: h, Width: w, Channels: 3}, CropPct: 1,
			CropMode: configs.CropMode(mode), Interpolation: configs.Interpolation(filter)}
		switch {
		case library == "transformers":
			m.CropOffset, m.CropPct = configs.CropFloor, float64(h)/float64(resized)
		case resized != h:
			m.CropPct = 0.9
		}
		images, err := want.Images(name)
		if err != nil {
			t.Fatal(err)
		}
		folder, err := dataset.OpenFolder("testdata/photos", "", m)
		if err != nil || folder.Count() != images.N {
			t.Fatal(err, folder.Count(), images.N)
		}
		worst := map[string]int{}
		for i, file := range folder.Files {
			got, err := folder.Read(i)
			if err != nil {
				t.Fatal(name, err)
			}
			kind, limit := "png", 1
			if strings.HasSuffix(file, "jpg") {
				kind, limit = "jpg", 3
			}
			for j, p := range got {
				q := images.At(i)[j]
				if worst[kind] = max(worst[kind], int(p)-int(q), int(q)-int(p)); worst[kind] > limit {
					t.Fatalf("%s: %s: value %d is %d; %s has %d", name, file, j, p, library, q)
				}
			}
		}
		t.Log(name, worst)
	}
}
