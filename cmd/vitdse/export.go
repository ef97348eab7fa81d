package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/number"
	"vitdse/configs"
	"vitdse/emit"
	"vitdse/golden/exec"
	"vitdse/golden/export"
	"vitdse/golden/intnet"
)

func newExport(a *app) *cobra.Command {
	var f numericsFlags
	var format, to string
	var force bool
	cmd := &cobra.Command{
		Use:   "export DIR|RUN.yaml|FILE.npz",
		Short: "Write the integer network for other tools, as npz or ONNX",
		Long: `Writes the integer network, of which every result is the accelerator's bit for bit: that of an
emitted folder, of an exported npz, or one that is quantized here as vitdse eval does.

--format npz is every code, scale, table and constant under the names of docs/NUMERICS.md, to write an
interpreter from. --format onnx is a graph of integer operators (MatMulInteger, integer arithmetic,
Gather) with u8 images as input; ONNX Runtime gives the same logits bit for bit, so that the
accuracy on any set of images can be found without this tool (docs/EXPORT.md).

` + quantizeInputs,
		Example: "  vitdse export out/digits/design --format onnx --to digits.onnx\n" +
			"  vitdse export configs/digits/run.yaml --bits w4a4 --format npz --to digits.npz",
		Args: cobra.MaximumNArgs(1),
	}
	addFlags(cmd.Flags(), inputKeys)
	f.add(cmd)
	cmd.Flags().StringVar(&format, "format", "onnx", "`form` of the file: npz or onnx")
	cmd.Flags().StringVar(&to, "to", "", "`file` to write; default network.npz or network.onnx")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file if it is there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if format != "npz" && format != "onnx" {
			return fmt.Errorf("--format %q; expected npz or onnx", format)
		}
		if to == "" {
			to = "network." + format
		}
		if err := refuseExisting(to, force); err != nil {
			return err
		}
		net, hash, err := a.integerNetwork(cmd, args, &f)
		if err != nil {
			return err
		}
		return a.export(net, hash, format, to)
	}
	return cmd
}

// integerNetwork is the network of a folder or file, with the hash of the design it is of, or a quantized one.
func (a *app) integerNetwork(cmd *cobra.Command, args []string, f *numericsFlags) (*intnet.Network, string, error) {
	if len(args) == 1 {
		info, err := os.Stat(args[0])
		switch {
		case err != nil:
			return nil, "", err
		case info.IsDir():
			man, err := emit.LoadManifest(args[0])
			if err != nil {
				return nil, "", err
			}
			path := filepath.Join(args[0], emit.NetworkName)
			net, hash, err := readNetwork(path)
			if err == nil && hash != man.Hash {
				err = fmt.Errorf("%s is of design %.16s, the folder of %.16s; emit the folder again", path, hash, man.Hash)
			}
			return net, hash, err
		case filepath.Ext(args[0]) == ".npz":
			return readNetwork(args[0])
		}
	}
	n, num, err := f.load(a, cmd, args)
	if err != nil {
		return nil, "", err
	}
	run, err := runOrBare(cmd, "")
	if err != nil {
		return nil, "", err
	}
	net, err := a.quantizeFor(cmd.Context(), n, run, num)
	return net, "", err
}

func (a *app) quantizeFor(ctx context.Context, n *trained, run configs.Run,
	num configs.Numerics) (*intnet.Network, error) {
	if _, err := a.checkFloat(ctx, n); err != nil {
		return nil, err
	}
	st := a.stages()
	defer st.Drop()
	net, err := n.quantize(num, a.cacheOf(run), st.Of)
	if err == nil {
		st.End()
	}
	return net, err
}

// readNetwork reads an npz, and refuses a network that is not whole.
func readNetwork(path string) (*intnet.Network, string, error) {
	file, err := configs.ReadRegular(path, intnet.MaxNPZ)
	if err != nil {
		return nil, "", err
	}
	net, hash, err := intnet.DecodeNPZ(path, file)
	if err != nil {
		return nil, "", err
	}
	if _, err := exec.Prepare(net); err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return net, hash, nil
}

func (a *app) export(net *intnet.Network, hash, format, to string) error {
	var data []byte
	if format == "npz" {
		var b bytes.Buffer
		if err := net.EncodeNPZ(&b, hash); err != nil {
			return err
		}
		data = b.Bytes()
	} else {
		var err error
		if data, err = export.ONNX(net, hash); err != nil {
			return err
		}
	}
	if err := configs.WriteFile(to, data); err != nil {
		return err
	}
	of := ""
	if hash != "" {
		of = " of design " + configs.ShortHash(hash)
	}
	a.Printf("%s: integer network %s%s, %s kB; a logit's step is %.6g\n",
		to, net.Model.Name, of, number.Kilo(int64(len(data))), net.LogitScale)
	return nil
}
