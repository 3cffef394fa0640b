"""Conversion of published weights to ONNX, and of ONNX weights back to torch modules."""
