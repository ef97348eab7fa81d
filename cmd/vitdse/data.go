package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"

	"vitdse/golden/dataset"
)

// loadData reads the network's images and labels.
func (n *trained) loadData(ctx context.Context, a *app, file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return n.loadFolder(ctx, a, file)
	}
	data, err := dataset.Load(file)
	if err != nil {
		return err
	}
	if err := data.Require("train_images", "test_images", "test_labels"); err != nil {
		return err
	}
	if n.train, err = n.images(data, file, "train_images"); err != nil {
		return err
	}
	if n.test, err = n.images(data, file, "test_images"); err != nil {
		return err
	}
	n.labels, err = data.Labels("test_labels")
	if err == nil && len(n.labels) != n.test.N {
		err = fmt.Errorf("dataset %s: has %d test_labels for %d test_images", file, len(n.labels), n.test.N)
	}
	if err != nil || !slices.Contains(data.Names(), "test_logits") || n.weights != nil && n.weights.Grids != nil {
		return err // logits of a float network are not those of one that came quantized
	}
	n.logits, err = data.Floats("test_logits", n.model.Classes)
	if err == nil && len(n.logits) != n.test.N*n.model.Classes {
		err = fmt.Errorf("dataset %s: has %d test_logits for %d test_images", file, len(n.logits)/n.model.Classes, n.test.N)
	}
	return err
}

func (n *trained) images(data *dataset.Archive, file, name string) (*dataset.Images, error) {
	m, err := data.Images(name)
	if err != nil {
		return nil, err
	}
	want := n.model.Image
	if m.H != want.Height || m.W != want.Width || m.C != want.Channels {
		return nil, fmt.Errorf("dataset %s: %s are %dx%dx%d; model %s expects %dx%dx%d",
			file, name, m.H, m.W, m.C, n.model.Name, want.Height, want.Width, want.Channels)
	}
	if m.N == 0 {
		return nil, fmt.Errorf("dataset %s: %s is empty", file, name)
	}
	return m, nil
}

// Bytes of pixels that are read of a folder: of more images some, evenly spread.
const (
	mostTrainBytes = 256 << 20
	mostTestBytes  = 1 << 30
)

// loadFolder reads images and labels of a folder of photographs.
func (n *trained) loadFolder(ctx context.Context, a *app, dir string) error {
	split, err := dataset.OpenSplit(dir, n.model)
	if err != nil {
		return err
	}
	a.warnLeft(split.Test.Left)
	st := a.stages()
	defer st.Drop()
	read := func(from *dataset.Folder, title string, bytes int) (*dataset.Folder, *dataset.Images, error) {
		some := from.Spread(max(1, bytes/n.model.Image.Pixels()))
		if len(some.Files) < len(from.Files) {
			a.log.Info("dataset: some images are read, evenly spread", "of", title, "count", len(some.Files),
				"images", len(from.Files))
		}
		images, err := some.Load(ctx, runtime.GOMAXPROCS(0), st.Task(title, "images"))
		return some, images, err
	}
	if _, n.train, err = read(split.Train, "calibration images", mostTrainBytes); err != nil {
		return err
	}
	test, images, err := read(split.Test, "test images", mostTestBytes)
	if err != nil {
		return err
	}
	n.test, n.labels = images, test.Labels
	st.End()
	return nil
}

// warnLeft names images that are left out.
func (a *app) warnLeft(files []string) {
	for i, path := range files {
		if i == 10 {
			a.log.Warn("more images are left out", "count", len(files)-i)
			return
		}
		a.log.Warn("image is left out: only PNG and JPEG are read", "file", path)
	}
}
